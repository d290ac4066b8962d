package io.metamer.model;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.bytedeco.javacpp.indexer.HalfIndexer;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Reads the zip files of DL4J's {@code ModelSerializer} without it: that one makes whatever Java
 * objects a file has in its entry preprocessor.bin. Here only the configuration and the parameters
 * are read, and of the classes that the configuration names only DL4J's own are made.
 */
final class Dl4jFile {

  private static final String CONFIGURATION = "configuration.json";
  private static final String PARAMETERS = "coefficients.bin";

  /** Classes of layers, activations, updaters, losses and so on. */
  private static final Pattern OWN_CLASS =
      Pattern.compile("org\\.(deeplearning4j\\.nn|nd4j\\.linalg)\\.[A-Za-z0-9_.$]+");

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(100).build())
          .build();

  /** The longest configuration that is read. */
  private static final int MAX_CONFIGURATION = 1 << 26;

  /** How many times the size of the zip file its parameters may take, and for small files more. */
  private static final long MAX_INFLATION = 100;

  private static final long SMALL = 1L << 24;

  private static final int MAX_SHAPE = 100;

  private static final Set<String> OLD_KINDS = Set.of("DIRECT", "HEAP", "JAVACPP");

  private static final Set<String> TYPES = Set.of("LONG", "INT", "HALF", "FLOAT", "DOUBLE");

  /** Parameters are decoded this many at a time. */
  private static final int CHUNK = 1 << 18;

  private Dl4jFile() {}

  /**
   * Reads a file.
   *
   * @param origin the file's name, for messages
   * @throws IOException if it is damaged or of another kind
   */
  static Dl4jModel read(byte[] bytes, String name, String origin) throws IOException {
    @Nullable String configuration = null;
    @Nullable INDArray parameters = null;
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().equals(CONFIGURATION)) {
          checkOnce(configuration == null, entry);
          configuration = text(zip);
        } else if (entry.getName().equals(PARAMETERS)) {
          checkOnce(parameters == null, entry);
          parameters = parameters(zip, MAX_INFLATION * bytes.length + SMALL);
        }
        zip.closeEntry();
      }
    } catch (EOFException e) {
      throw new IOException(
          "%s is not a network saved by DL4J, or is cut short".formatted(origin), e);
    } catch (IOException | IllegalArgumentException e) {
      // The latter of an entry's name that is no text.
      throw new IOException(
          "%s is not a network saved by DL4J, or is damaged: %s".formatted(origin, e.getMessage()),
          e);
    }
    if (configuration == null || parameters == null) {
      throw new IOException(
          "%s is not a network saved by DL4J: expected a zip file with %s and %s"
              .formatted(origin, CONFIGURATION, PARAMETERS));
    }
    checkClasses(configuration, name, origin);
    try {
      return network(configuration, parameters, name);
    } catch (UnsupportedModelException e) {
      throw e;
    } catch (RuntimeException e) {
      // DL4J reports damaged contents by exceptions of many kinds.
      throw new IOException("%s cannot be read by DL4J: %s".formatted(origin, e.getMessage()), e);
    }
  }

  private static void checkOnce(boolean first, ZipEntry entry) throws IOException {
    if (!first) {
      throw new IOException("it has two entries " + entry.getName());
    }
  }

  private static String text(InputStream entry) throws IOException {
    byte[] bytes = entry.readNBytes(MAX_CONFIGURATION + 1);
    if (bytes.length > MAX_CONFIGURATION) {
      throw new IOException(
          "its configuration is longer than %d bytes".formatted(bytes.length - 1));
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Refuses configurations that name other classes than DL4J's, before DL4J sees them. */
  private static void checkClasses(String configuration, String name, String origin)
      throws IOException {
    try (JsonParser json = JSON.createParser(configuration)) {
      while (json.nextToken() != null) {
        if (json.currentToken() == JsonToken.FIELD_NAME && json.currentName().startsWith("@")) {
          String type = json.nextTextValue();
          if (type == null || !OWN_CLASS.matcher(type).matches()) {
            throw new UnsupportedModelException(
                "network %s: its configuration names the class %s; supported are DL4J's own"
                    .formatted(name, type));
          }
        }
      }
    } catch (JsonProcessingException e) {
      throw new IOException(
          "%s: its %s is damaged: %s".formatted(origin, CONFIGURATION, e.getOriginalMessage()), e);
    }
  }

  private static Dl4jModel network(String configuration, INDArray parameters, String name) {
    if (configuration.contains("\"networkInputs\"")) {
      ComputationGraphConfiguration read = ComputationGraphConfiguration.fromJson(configuration);
      ComputationGraph network = new ComputationGraph(read);
      network.init(parameters.castTo(read.getDataType()), false);
      return Dl4jModel.of(network, name);
    }
    MultiLayerConfiguration read = MultiLayerConfiguration.fromJson(configuration);
    MultiLayerNetwork network = new MultiLayerNetwork(read);
    network.init(parameters.castTo(read.getDataType()), false);
    return Dl4jModel.of(network, name);
  }

  /** Reads the parameters, a row: its shape, which does not matter then, and its numbers. */
  private static INDArray parameters(InputStream entry, long most) throws IOException {
    DataInputStream in = new DataInputStream(entry);
    Run shape = Run.read(in);
    if (shape.length > MAX_SHAPE) {
      throw new IOException("its parameters have a shape of %d numbers".formatted(shape.length));
    }
    in.skipNBytes(shape.length * shape.type.width());
    Run run = Run.read(in);
    boolean real =
        run.type == DataType.FLOAT || run.type == DataType.DOUBLE || run.type == DataType.FLOAT16;
    int width = run.type.width();
    if (!real || run.length < 1 || run.length > most / width) {
      throw new IOException("it has %d parameters of type %s".formatted(run.length, run.type));
    }
    INDArray all = Nd4j.createUninitialized(run.type, 1, run.length);
    for (long i = 0; i < run.length; i += CHUNK) {
      int n = (int) Math.min(CHUNK, run.length - i);
      byte[] bytes = new byte[n * width];
      in.readFully(bytes);
      try (INDArray part = numbers(ByteBuffer.wrap(bytes), run.type, n)) {
        all.get(NDArrayIndex.point(0), NDArrayIndex.interval(i, i + n)).assign(part);
      }
    }
    return all;
  }

  /** What stands before numbers: how many, and of which type. */
  private record Run(long length, DataType type) {

    static Run read(DataInputStream in) throws IOException {
      // The three oldest kinds of memory have the length as an int.
      boolean old = OLD_KINDS.contains(in.readUTF());
      long length = old ? in.readInt() : in.readLong();
      String type = in.readUTF();
      if (length < 0 || !TYPES.contains(type)) {
        throw new IOException("it has %d numbers of type %s".formatted(length, type));
      }
      return new Run(length, DataType.valueOf(type));
    }
  }

  private static INDArray numbers(ByteBuffer bytes, DataType type, int n) {
    if (type == DataType.DOUBLE) {
      double[] x = new double[n];
      bytes.asDoubleBuffer().get(x);
      return Nd4j.createFromArray(x);
    }
    float[] x = new float[n];
    if (type == DataType.FLOAT) {
      bytes.asFloatBuffer().get(x);
    } else {
      for (int i = 0; i < n; i++) {
        x[i] = HalfIndexer.toFloat(bytes.getShort());
      }
    }
    return Nd4j.createFromArray(x);
  }
}
