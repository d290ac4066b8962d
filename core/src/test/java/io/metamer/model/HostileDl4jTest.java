package io.metamer.model;

import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.metamer.image.ImageSpec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serial;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Files of DL4J that were damaged, or made to do harm. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HostileDl4jTest {

  private static final String CONFIGURATION = "configuration.json";
  private static final String PARAMETERS = "coefficients.bin";
  private static final ImageSpec IMAGES = ImageSpec.gray(4);

  private static boolean sprung;

  /** Says when Java reads it. */
  private static final class Trap implements Serializable {

    @Serial private static final long serialVersionUID = 1L;

    @Serial
    private void readObject(ObjectInputStream in) {
      sprung = true;
    }
  }

  @Test
  void preprocessorAndNormalizer_areNotDeserialized() throws IOException {
    ByteArrayOutputStream object = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(object)) {
      out.writeObject(new Trap());
    }
    Map<String, byte[]> entries = entries(saved(false));
    for (String name : new String[] {"preprocessor.bin", "normalizer.bin", "updaterState.bin"}) {
      entries.put(name, object.toByteArray());
    }
    assertTrue(read(zip(entries)).layers(IMAGES).size() > 0);
    assertFalse(sprung);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "javax.script.ScriptEngineManager",
        "com.sun.rowset.JdbcRowSetImpl",
        "org.deeplearning4j.other.Layer",
        "org.nd4j.linalg.X<java.lang.Runtime>",
        "[Lorg.nd4j.linalg.X;",
        ""
      })
  void classesThatAreNotDl4js_areRefusedByName(String name) throws IOException {
    assertRefused(
        UnsupportedModelException.class,
        () -> configured("org.nd4j.linalg.activations.impl.ActivationTanH", name),
        "network hostile: its configuration names the class " + name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"nout\" : 2 | \"nout\" : 1099511627776 | cannot be read by DL4J",
        "\"nout\" : 2 | \"nout\" : -2 | cannot be read by DL4J",
        "\"nout\" : 2 | \"nout\" : [] | cannot be read by DL4J",
        "\"nout\" : 2 | \"nout\" : null | cannot be read by DL4J",
        "{ | [ | is damaged",
        "} | , | is damaged",
      })
  void configurationsThatDoNotFit_areRefused(String text, String by, String found) {
    assertRefused(IOException.class, () -> configured(text, by), "hostile", found);
  }

  @Test
  void configurationsOfDeepLists_areRefused() throws IOException {
    Map<String, byte[]> entries = entries(saved(false));
    entries.put(CONFIGURATION, "[".repeat(100_000).getBytes(StandardCharsets.UTF_8));
    assertRefused(IOException.class, () -> read(zip(entries)), "hostile", "is damaged", "depth");
  }

  @ParameterizedTest
  @CsvSource({
    "4, FLOAT, 9223372036854775807, FLOAT, parameters of type FLOAT",
    "4, FLOAT, 1099511627776, DOUBLE, parameters of type DOUBLE",
    "4, FLOAT, -1, FLOAT, -1 numbers of type FLOAT",
    "4, FLOAT, 0, FLOAT, 0 parameters",
    "4, FLOAT, 2, LONG, parameters of type LONG",
    "4, FLOAT, 2, UTF8, numbers of type UTF8",
    "4, FLOAT, 2, COMPRESSED, numbers of type COMPRESSED",
    "4, FLOAT, 1000, FLOAT, cut short",
    "1000000, FLOAT, 2, FLOAT, a shape of 1000000 numbers"
  })
  void parametersThatAreNotThere_areRefused(
      long shape, String shapeType, long length, String type, String found) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(shape);
    out.writeUTF(shapeType);
    out.write(new byte[16]);
    out.writeUTF("MIXED_DATA_TYPES");
    out.writeLong(length);
    out.writeUTF(type);
    out.write(new byte[16]);
    Map<String, byte[]> entries = entries(saved(false));
    entries.put(PARAMETERS, bytes.toByteArray());
    assertRefused(IOException.class, () -> read(zip(entries)), "hostile", found);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damagedFiles_areReadOrRefused(boolean graph) throws IOException {
    byte[] whole = saved(graph);
    int refused = 0;
    for (Iterator<byte[]> i = Mutations.of(whole, 300, 5).iterator(); i.hasNext(); ) {
      refused += reads(i.next()) ? 0 : 1;
    }
    assertTrue(refused > 100, refused + " of the copies were refused");
    for (String name : new String[] {CONFIGURATION, PARAMETERS}) {
      Map<String, byte[]> entries = entries(whole);
      byte[] entry = entries.get(name);
      for (Iterator<byte[]> i = Mutations.of(entry, 300, 6).iterator(); i.hasNext(); ) {
        entries.put(name, i.next());
        reads(zip(entries));
      }
    }
  }

  private static boolean reads(byte[] bytes) throws IOException {
    long start = System.nanoTime();
    boolean read;
    try {
      read(bytes).layers(IMAGES);
      read = true;
    } catch (IOException | UnsupportedModelException | IllegalArgumentException e) {
      read = false;
    } catch (RuntimeException | Error e) {
      Path kept = Files.write(Path.of("target", "hostile.zip"), bytes);
      return fail("an undocumented exception for " + kept, e);
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    assertTrue(seconds < 2, seconds + " s");
    return read;
  }

  private static Network configured(String text, String by) throws IOException {
    Map<String, byte[]> entries = entries(saved(false));
    String configuration = new String(entries.get(CONFIGURATION), StandardCharsets.UTF_8);
    assertTrue(configuration.contains(text), configuration);
    String changed = configuration.replace(text, by);
    entries.put(CONFIGURATION, changed.getBytes(StandardCharsets.UTF_8));
    return read(zip(entries));
  }

  private static Network read(byte[] bytes) throws IOException {
    return Dl4jNetwork.read(new ByteArrayInputStream(bytes), "hostile");
  }

  private static byte[] saved(boolean graph) throws IOException {
    ConvolutionLayer convolution =
        new ConvolutionLayer.Builder(2, 2).nOut(2).activation(Activation.TANH).build();
    OutputLayer output = new OutputLayer.Builder(LossFunction.MSE).nOut(3).build();
    InputType images = InputType.convolutional(4, 4, 1);
    Model model;
    if (graph) {
      model =
          new ComputationGraph(
              new NeuralNetConfiguration.Builder()
                  .graphBuilder()
                  .addInputs("images")
                  .addLayer("a", convolution, "images")
                  .addLayer("b", output, "a")
                  .setInputTypes(images)
                  .setOutputs("b")
                  .build());
    } else {
      model =
          new MultiLayerNetwork(
              new NeuralNetConfiguration.Builder()
                  .list(convolution, output)
                  .setInputType(images)
                  .build());
    }
    model.init();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ModelSerializer.writeModel(model, bytes, true);
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> entries(byte[] bytes) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  private static byte[] zip(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return bytes.toByteArray();
  }
}
