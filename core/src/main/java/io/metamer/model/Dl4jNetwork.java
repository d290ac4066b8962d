package io.metamer.model;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks of DL4J, from memory or from the files of its {@code ModelSerializer}. They are
 * translated, weights copied: DL4J itself runs nothing, and what happens to the original later does
 * not matter.
 *
 * <p>Layers have the names that DL4J gives them ({@code layer0} where a {@code MultiLayerNetwork}
 * names none), and their outputs are those after the activation, as in DL4J's {@code feedForward}.
 *
 * @since 0.1
 */
public final class Dl4jNetwork {

  private Dl4jNetwork() {}

  /**
   * Reads a file.
   *
   * @param file a zip that DL4J's {@code ModelSerializer} wrote, of a {@code MultiLayerNetwork} or
   *     a {@code ComputationGraph}
   * @return the network, named after the file
   * @throws IOException if the file is missing, cut short or not of this kind
   * @throws UnsupportedModelException if it has a layer that Metamer does not know; the message
   *     names the layer, its kind and what is supported
   */
  public static Network load(Path file) throws IOException {
    return read(Files.readAllBytes(file), Digests.nameOf(file), file.toString());
  }

  /**
   * Reads a stream, say of a resource on the class path. The stream is read to its end and stays
   * open.
   *
   * @param stream the bytes of a file as for {@link #load}
   * @param name the network's name
   * @return the network
   * @throws IOException if the bytes are not a whole file of this kind
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network read(InputStream stream, String name) throws IOException {
    return read(stream.readAllBytes(), name, name);
  }

  /**
   * Translates a network in memory.
   *
   * @param network initialised
   * @param name the network's name
   * @return the network as it is now; its hash is of the parameters
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network of(MultiLayerNetwork network, String name) {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return network(Dl4jModel.of(network, name), sha256(network.params()));
    }
  }

  /**
   * Translates a network in memory.
   *
   * @param network initialised, with one input of images
   * @param name the network's name
   * @return the network as it is now; its hash is of the parameters
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network of(ComputationGraph network, String name) {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return network(Dl4jModel.of(network, name), sha256(network.params()));
    }
  }

  private static Network read(byte[] bytes, String name, String origin) throws IOException {
    boolean graph = configuration(bytes, origin).contains("\"networkInputs\"");
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      InputStream stream = new ByteArrayInputStream(bytes);
      Dl4jModel model =
          graph
              ? Dl4jModel.of(ModelSerializer.restoreComputationGraph(stream, false), name)
              : Dl4jModel.of(ModelSerializer.restoreMultiLayerNetwork(stream, false), name);
      return network(model, Digests.sha256(bytes));
    } catch (UnsupportedModelException e) {
      throw e;
    } catch (RuntimeException e) {
      // DL4J reports damaged contents by exceptions of many kinds.
      throw new IOException("%s cannot be read by DL4J: %s".formatted(origin, e.getMessage()), e);
    }
  }

  private static Network network(Dl4jModel model, String sha256) {
    return new Network(model.name(), sha256, model.input(), model::translate);
  }

  /** The network's description, in JSON; checks that the whole zip can be read. */
  private static String configuration(byte[] bytes, String origin) throws IOException {
    String expected = "%s is not a network saved by DL4J, or is cut short".formatted(origin);
    @Nullable String configuration = null;
    boolean weights = false;
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        byte[] content = zip.readAllBytes();
        if (entry.getName().equals("configuration.json")) {
          configuration = new String(content, StandardCharsets.UTF_8);
        }
        weights |= entry.getName().equals("coefficients.bin");
      }
    } catch (ZipException | EOFException e) {
      throw new IOException(expected + ": " + e.getMessage(), e);
    }
    if (configuration == null || !weights) {
      throw new IOException(
          expected + ": expected a zip file with configuration.json and coefficients.bin");
    }
    return configuration;
  }

  /** The hash of the parameters in DL4J's order, as big-endian floats (doubles if they are). */
  private static String sha256(INDArray parameters) {
    MessageDigest digest = Digests.sha256();
    boolean wide = parameters.dataType() == DataType.DOUBLE;
    ByteBuffer number = ByteBuffer.allocate(wide ? Double.BYTES : Float.BYTES);
    for (double p : OnnxTensors.doubles(parameters)) {
      number.clear();
      digest.update((wide ? number.putDouble(p) : number.putFloat((float) p)).array());
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
