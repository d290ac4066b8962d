package io.metamer.model;

import static io.metamer.contract.Close.assertCloseInNorm;
import static io.metamer.model.KerasFiles.changed;
import static io.metamer.model.KerasFiles.config;
import static io.metamer.model.KerasFiles.layer;
import static io.metamer.model.KerasFiles.read;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.image.ImageSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Files of Keras: their kinds, the names in them, and what is refused. */
final class KerasNetworkTest {

  /** A small network of Keras 3: conv, pool, flat, drop, hidden, classes. */
  private static final String SMALL = "float16.keras";

  private static final ImageSpec GRAY = new ImageSpec(1, 8, 7, -10, 10);

  private static List<String> names(Network network) {
    return network.layers().stream().map(Layer::name).toList();
  }

  private static INDArray output(Network network, String layer, INDArray x) {
    try (Taps taps = network.taps(List.of(layer), GRAY, Preprocessing.none())) {
      return taps.forward(x).get(0).dup();
    }
  }

  // Kinds of files.

  @ParameterizedTest
  @CsvSource({
    "plain2.h5, plain2",
    "plain2.older.h5, plain2",
    "plain2.gzip.h5, plain2",
    "plain2.chunks.h5, plain2",
    "plain2.latest.h5, plain2",
    "float16.keras, float16",
    "float16.h5, float16",
    "bfloat16.keras, bfloat16",
    "bfloat16.h5, bfloat16"
  })
  void network_ofEachKindOfFile_givesTensorFlowsActivations(String file, String numbers)
      throws IOException {
    KerasGolden golden = KerasGolden.numbers(numbers);
    Network network = KerasGolden.network(file);
    for (KerasGolden.Layer layer : golden.layers()) {
      if (!layer.name().equals("image")) {
        assertCloseInNorm(layer.output(), output(network, layer.name(), golden.input()), 1e-5);
      }
    }
  }

  @Test
  void load_ofAFile_namesTheNetworkAfterItAndHashesIt(@TempDir Path folder) throws IOException {
    byte[] bytes = KerasGolden.bytes(SMALL);
    Path file = Files.write(folder.resolve("tiny.keras"), bytes);
    Network network = KerasNetwork.load(file);
    assertEquals("tiny", network.name());
    assertEquals(Digests.sha256(bytes), network.sha256());
  }

  @Test
  void input_ofAChannelsLastNetwork_isChannelsFirst() throws IOException {
    assertArrayEquals(new long[] {1, 8, 7}, KerasGolden.network(SMALL).input().orElseThrow());
  }

  @Test
  void input_ofAFreeSize_isEmptyAndAnySizeFits() throws IOException {
    Network network =
        read(
            changed(
                "nested3.keras",
                model -> {
                  ArrayNode shape = config(model, "image").putArray("batch_shape");
                  shape.addNull().addNull().addNull().add(3);
                }));
    assertTrue(network.input().isEmpty());
    assertEquals(
        List.of(4L, 9L, 9L),
        Arrays.stream(
                network.layers(ImageSpec.rgb(11)).stream()
                    .filter(l -> l.name().equals("block:1/relu"))
                    .findFirst()
                    .orElseThrow()
                    .shape())
            .boxed()
            .toList());
  }

  // Names.

  @Test
  void layers_ofAPlainNetwork_haveKerasNames() throws IOException {
    assertEquals(
        List.of(
            "conv/linear",
            "conv",
            "pool",
            "flat",
            "hidden/linear",
            "hidden",
            "classes/linear",
            "classes"),
        names(KerasGolden.network(SMALL)));
  }

  @Test
  void layers_ofModelsInModels_areUnderTheModelsNameAndCall() throws IOException {
    List<String> names = names(KerasGolden.network("nested3.keras"));
    assertTrue(
        names.containsAll(
            List.of(
                "block/conv",
                "block/norm",
                "block:1/conv",
                "pair/mix",
                "pair/mix:1",
                "pair/sum",
                "head/inner/conv",
                "head/classes")),
        names.toString());
  }

  @Test
  void dropout_isAnotherNameOfWhatItReads() throws IOException {
    INDArray x = KerasGolden.numbers("float16").input();
    Network network = KerasGolden.network(SMALL);
    assertEquals(output(network, "flat", x), output(network, "drop", x));
  }

  @ParameterizedTest
  @CsvSource({"penultimate, hidden", "logits, classes/linear"})
  void alias_meansTheClassifiersInputAndOutput(String alias, String layer) throws IOException {
    Network network = KerasGolden.network(SMALL);
    try (RepresentationModel model = network.at(alias, GRAY, Preprocessing.none())) {
      assertEquals(layer, model.id().layer());
    }
  }

  @Test
  void channelsFirst_givesWhatChannelsLastGives() throws IOException {
    INDArray x = KerasGolden.numbers("float16").input();
    Network other =
        read(
            changed(
                SMALL,
                model -> {
                  ArrayNode shape = config(model, "image").putArray("batch_shape");
                  shape.addNull().add(1).add(8).add(7);
                  for (String name : List.of("conv", "pool", "flat")) {
                    config(model, name).put("data_format", "channels_first");
                  }
                }));
    assertArrayEquals(new long[] {1, 8, 7}, other.input().orElseThrow());
    Network network = KerasGolden.network(SMALL);
    for (String layer : List.of("pool", "flat", "classes")) {
      assertCloseInNorm(output(network, layer, x), output(other, layer, x), 1e-6);
    }
  }

  @Test
  void vectors_areThePixelsOfAnImage() throws IOException {
    byte[] bytes =
        changed(
            SMALL,
            model -> {
              ArrayNode layers = (ArrayNode) model.path("config").path("layers");
              layers.removeAll();
              layers.add(input(9));
              layers.addObject().put("class_name", "Reshape").set("config", reshape());
            });
    Network network = read(bytes);
    assertTrue(network.input().isEmpty());
    INDArray x = Nd4j.linspace(1, 9, 9).reshape(1, 1, 3, 3);
    try (Taps taps =
        network.taps(List.of("square"), new ImageSpec(1, 3, 3, 0, 9), Preprocessing.none())) {
      assertEquals(x.reshape(1, 1, 3, 3), taps.forward(x).get(0));
    }
  }

  private static ObjectNode input(int size) {
    ObjectNode input = new com.fasterxml.jackson.databind.ObjectMapper().createObjectNode();
    input.put("class_name", "InputLayer");
    ObjectNode config = input.putObject("config");
    config
        .put("name", "vector")
        .put("dtype", "float32")
        .putArray("batch_shape")
        .addNull()
        .add(size);
    return input;
  }

  private static ObjectNode reshape() {
    ObjectNode config = new com.fasterxml.jackson.databind.ObjectMapper().createObjectNode();
    config.put("name", "square").put("dtype", "float32");
    config.putArray("target_shape").add(3).add(3).add(1);
    return config;
  }

  // Layers that are refused.

  private static void assertLayerRefused(Consumer<ObjectNode> change, String layer, String... parts)
      throws IOException {
    Network network = read(changed(SMALL, change));
    assertRefused(
        UnsupportedModelException.class,
        () -> network.at(layer, GRAY, Preprocessing.none()),
        parts);
  }

  @Test
  void lambda_isNotRun() throws IOException {
    assertLayerRefused(
        model -> layer(model, "drop").put("class_name", "Lambda"),
        "drop",
        "layer drop, Lambda",
        "code is not run");
  }

  @Test
  void customLayer_isNamedWithWhereToLook() throws IOException {
    assertLayerRefused(
        model -> layer(model, "drop").put("class_name", "Mine").put("registered_name", "own>Mine"),
        "drop",
        "layer drop, Mine: it is not supported; KerasNetwork.supported()");
  }

  @Test
  void refusedLayer_refusesWhatReadsItAndNothingBefore() throws IOException {
    Network network =
        read(changed(SMALL, model -> layer(model, "hidden").put("class_name", "Mine")));
    INDArray x = KerasGolden.numbers("float16").input();
    assertCloseInNorm(output(KerasGolden.network(SMALL), "flat", x), output(network, "flat", x), 0);
    for (String layer : List.of("hidden", "classes", "logits", "penultimate")) {
      assertRefused(
          UnsupportedModelException.class,
          () -> network.at(layer, GRAY, Preprocessing.none()),
          "layer hidden, Mine");
    }
  }

  @Test
  void customActivation_isRefused() throws IOException {
    assertLayerRefused(
        model ->
            config(model, "conv")
                .putObject("activation")
                .put("module", "builtins")
                .put("class_name", "function")
                .put("config", "my_function"),
        "conv",
        "layer conv, Conv2D",
        "my_function");
  }

  @Test
  void weightOfAnotherShape_namesLayerWeightAndShapes() throws IOException {
    assertLayerRefused(
        model -> config(model, "conv").put("filters", 5),
        "conv",
        "layer conv, Conv2D: its weight kernel has the shape [3, 3, 1, 3], expected [3, 3, 1, 5]");
  }

  @Test
  void missingWeight_namesLayerAndWeight() throws IOException {
    assertLayerRefused(
        model -> layer(model, "pool").put("class_name", "DepthwiseConv2D"),
        "pool",
        "layer pool, DepthwiseConv2D: the file has no weight kernel");
  }

  @Test
  void optionOfAnotherType_namesLayerAndOption() throws IOException {
    assertLayerRefused(
        model -> config(model, "conv").put("strides", "two"), "conv", "layer conv", "strides");
  }

  @ParameterizedTest
  @ValueSource(strings = {"filters", "kernel_size", "strides", "dilation_rate", "groups"})
  void hugeOption_isRefused(String option) throws IOException {
    assertLayerRefused(
        model -> config(model, "conv").put(option, 1L << 40), "conv", "layer conv", option);
  }

  @Test
  void hugeUpSampling_isRefusedBeforeItIsMade() throws IOException {
    assertLayerRefused(
        model -> {
          layer(model, "pool").put("class_name", "UpSampling2D");
          config(model, "pool").put("size", 1 << 23);
        },
        "pool",
        "layer pool, UpSampling2D");
  }

  // Files that are refused.

  @Test
  void weightsAlone_areRefusedWithWhatIsSupported() throws IOException {
    byte[] weights = KerasFiles.entries(KerasGolden.bytes(SMALL)).get("model.weights.h5");
    assertRefused(
        UnsupportedModelException.class, () -> read(weights), "weights alone", "model.save");
  }

  @Test
  void savedModelFolder_isRefused(@TempDir Path folder) {
    assertRefused(
        UnsupportedModelException.class,
        () -> KerasNetwork.load(folder),
        "SavedModel",
        "model.save");
  }

  @Test
  void fileOfAnotherKind_isNamed() {
    byte[] text = "no network".getBytes(StandardCharsets.UTF_8);
    assertRefused(IOException.class, () -> read(text), "small", "neither an HDF5 file nor");
  }

  @ParameterizedTest
  @ValueSource(strings = {"plain2.h5", "nested3.keras"})
  void fileCutShort_isAnIoException(String file) throws IOException {
    byte[] bytes = KerasGolden.bytes(file);
    for (int part = 0; part < 8; part++) {
      byte[] cut = Arrays.copyOf(bytes, bytes.length * part / 8);
      assertRefused(IOException.class, () -> read(cut), "small");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "model.weights.h5"})
  void zipWithoutAnEntry_namesIt(String entry) throws IOException {
    Map<String, byte[]> entries = KerasFiles.entries(KerasGolden.bytes(SMALL));
    entries.remove(entry);
    byte[] bytes = KerasFiles.zip(entries);
    assertRefused(IOException.class, () -> read(bytes), entry);
  }

  @Test
  void zipThatInflatesManyfold_isRefused() throws IOException {
    Map<String, byte[]> entries = KerasFiles.entries(KerasGolden.bytes(SMALL));
    entries.put("assets/zeros", new byte[64 << 20]);
    byte[] bytes = KerasFiles.zip(entries);
    assertRefused(IOException.class, () -> read(bytes), "10 times its size");
  }

  @Test
  void descriptionNestedWithoutEnd_isRefused() throws IOException {
    Map<String, byte[]> entries = KerasFiles.entries(KerasGolden.bytes(SMALL));
    entries.put("config.json", "[".repeat(100_000).getBytes(StandardCharsets.UTF_8));
    byte[] bytes = KerasFiles.zip(entries);
    assertRefused(IOException.class, () -> read(bytes), "nested too deep");
  }

  @ParameterizedTest
  @CsvSource({"1.2.2, supported are 2 and 3", "'', supported are 2 and 3"})
  void otherVersionOfKeras_isRefused(String version, String part) throws IOException {
    Map<String, byte[]> entries = KerasFiles.entries(KerasGolden.bytes(SMALL));
    entries.put(
        "metadata.json",
        "{\"keras_version\": \"%s\"}".formatted(version).getBytes(StandardCharsets.UTF_8));
    byte[] bytes = KerasFiles.zip(entries);
    assertRefused(UnsupportedModelException.class, () -> read(bytes), part);
  }

  @Test
  void subclassedModel_isRefused() throws IOException {
    byte[] bytes = changed(SMALL, model -> model.put("class_name", "MyModel"));
    assertRefused(
        UnsupportedModelException.class, () -> read(bytes), "MyModel", "Sequential and Functional");
  }

  private static void readsFrom(ObjectNode model, String layer, String from) {
    ArrayNode history =
        (ArrayNode) layer(model, layer).findPath("inbound_nodes").findPath("keras_history");
    history.set(0, from);
  }

  @Test
  void layersThatReadEachOther_areAnIoException() throws IOException {
    byte[] bytes = changed("nested3.keras", model -> readsFrom(model, "stem", "head"));
    assertRefused(IOException.class, () -> read(bytes), "read each other", "stem");
  }

  @Test
  void layerThatIsNotThere_isAnIoException() throws IOException {
    byte[] bytes = changed("nested3.keras", model -> readsFrom(model, "stem", "nowhere"));
    assertRefused(IOException.class, () -> read(bytes), "not there", "stem");
  }

  @Test
  void twoLayersOfOneName_areAnIoException() throws IOException {
    byte[] bytes = changed(SMALL, model -> config(model, "pool").put("name", "conv"));
    assertRefused(IOException.class, () -> read(bytes), "two layers", "conv");
  }

  @Test
  void modelsThatDoubleInModels_areRefusedInTime() throws IOException {
    byte[] bytes = changed("nested3.keras", KerasNetworkTest::doubled);
    Network network = assertDoesNotThrow(() -> read(bytes));
    assertRefused(UnsupportedModelException.class, network::layers, "more than 20000 layers");
  }

  /** Functional models that use the one inside twice, twenty times over. */
  private static void doubled(ObjectNode model) {
    ObjectNode inner = null;
    for (int i = 0; i < 20; i++) {
      ObjectNode outer = model.objectNode();
      outer.put("class_name", "Functional").put("name", "m" + i);
      ObjectNode config = outer.putObject("config").put("name", "m" + i).put("dtype", "float32");
      ArrayNode layers = config.putArray("layers");
      layers.add(entry(model, "InputLayer", "in"));
      ObjectNode first = inner == null ? entry(model, "ReLU", "leaf") : inner;
      layers.add(first);
      ArrayNode uses = first.putArray("inbound_nodes");
      String name = first.get("name").asText();
      uses.addObject().putArray("args").add(reference(model, "in", 0));
      uses.addObject().putArray("args").add(reference(model, name, 0));
      config.putArray("input_layers").add("in").add(0).add(0);
      config.putArray("output_layers").add(name).add(1).add(0);
      inner = outer;
    }
    model.setAll(inner);
  }

  private static ObjectNode entry(ObjectNode model, String kind, String name) {
    ObjectNode entry = model.objectNode().put("class_name", kind).put("name", name);
    ObjectNode config = entry.putObject("config").put("name", name).put("dtype", "float32");
    config.putArray("batch_shape").addNull().add(6).add(5).add(3);
    entry.putArray("inbound_nodes");
    return entry;
  }

  private static ObjectNode reference(ObjectNode model, String name, int call) {
    ObjectNode tensor = model.objectNode().put("class_name", "__keras_tensor__");
    tensor.putObject("config").putArray("keras_history").add(name).add(call).add(0);
    return tensor;
  }
}
