package io.metamer.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks in ONNX files: float weights, one input of images {@code [N, C, H, W]}.
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
   * @throws IOException if the file is missing, empty, cut short or not an ONNX model
   * @throws UnsupportedModelException if it has an operator that Metamer does not know; the message
   *     names the node, the operator and what is supported
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

  private static Network read(OnnxContents contents, String name) throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      OnnxModel model = OnnxModel.read(contents, name);
      return new Network(
          name, contents.sha256(), model.input(), shape -> OnnxTranslation.of(model, shape));
    }
  }
}
