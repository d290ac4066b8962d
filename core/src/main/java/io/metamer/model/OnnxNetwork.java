package io.metamer.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks in ONNX files: one input of images, {@code [N, C, H, W]} or, with one or three channels,
 * {@code [N, H, W, C]}, and operators from version 7 on. Weights may be floats of 16, 32 or 64 bits
 * and stand in the file or in files of its folder; those of 16 bits are computed with in 32.
 *
 * <p>Reading takes little more memory than the weights do as arrays. What a file asks to be
 * computed of its constants has a bound: 16 Mi numbers, or eight times as many as the file holds.
 *
 * @see <a href="https://onnx.ai/onnx/operators/">ONNX operators</a>
 * @since 0.1
 */
public final class OnnxNetwork {

  private OnnxNetwork() {}

  /**
   * Reads a file.
   *
   * @param file an ONNX model
   * @return the network, named after the file
   * @throws IOException if the file is missing, empty, cut short, damaged or not an ONNX model, or
   *     if weights are not in a file of its folder that the model names
   * @throws UnsupportedModelException if it is of older operators than are supported, or has other
   *     inputs or types of weights; an operator that Metamer does not know is refused only when a
   *     layer is asked for that needs it
   * @implNote the network's {@link Network#sha256} is that of the file followed by the files beside
   *     it that hold weights, in the order of their paths
   */
  public static Network load(Path file) throws IOException {
    try (OnnxContents contents = OnnxContents.of(file)) {
      return read(contents, Digests.nameOf(file));
    }
  }

  /**
   * Reads a stream, say of a resource on the class path. The stream is read to its end and stays
   * open.
   *
   * @param stream the bytes of an ONNX model
   * @param name the network's name
   * @return the network
   * @throws IOException if the bytes are not a whole ONNX model
   * @throws UnsupportedModelException as for {@link #load}
   */
  public static Network read(InputStream stream, String name) throws IOException {
    try (OnnxContents contents = OnnxContents.of(stream.readAllBytes(), name)) {
      return read(contents, name);
    }
  }

  /**
   * What can be read. An operator of a domain other than ONNX's own has the domain before its name.
   *
   * @return the operators on what depends on the images, and those on constants
   */
  public static List<Supported> supported() {
    return List.of(
        Supported.of("operators", OnnxOperators.names()),
        Supported.of("operators on constants", OnnxConstants.names()));
  }

  private static Network read(OnnxContents contents, String name) throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      OnnxModel model = OnnxModel.read(contents, name);
      return new Network(
          name, contents.sha256(), model.input(), shape -> OnnxTranslation.of(model, shape));
    }
  }
}
