package io.metamer.examples;

import io.metamer.model.Network;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** The network that a command is about. */
final class NetworkOption {

  @Option(
      names = "--network",
      required = true,
      order = -1, // Before a command's own options.
      paramLabel = "FILE",
      description = "The network: ONNX, Keras (.h5, .keras) or DL4J (.zip), told by its contents.")
  private Path file = Path.of("");

  Path file() {
    return file;
  }

  Network load() throws IOException {
    return Network.load(file);
  }
}
