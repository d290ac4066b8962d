package io.metamer.model;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Networks in files of Keras: {@code .h5} of Keras 2 and 3, {@code .keras} of Keras 2.12 and later,
 * Sequential and Functional, with one input of images.
 *
 * <p>Layers have the names that Keras gives them, and their outputs are those after the activation.
 * Those of a model inside of another are {@code model/layer}; a layer that is used again is {@code
 * layer:1}. Maps are {@code [C, H, W]}, whatever their order is in Keras. Nothing in a file is
 * executed: Lambda layers and custom classes are refused.
 *
 * <p>Reading takes no more than 10 times the size of the file and 16 MB for what the file says it
 * holds.
 *
 * @since 0.1
 */
public final class KerasNetwork {

  private KerasNetwork() {}

  /**
   * Reads a file.
   *
   * @param file a whole model as {@code model.save} writes it, {@code .h5} or {@code .keras}
   * @return the network, named after the file
   * @throws IOException if the file is missing, cut short or not of this kind
   * @throws UnsupportedModelException if it holds weights alone, a class of model or an older
   *     version of Keras that Metamer does not know. A layer that it does not know is refused when
   *     it is asked for; the message names the layer, its class and what is supported
   */
  public static Network load(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new UnsupportedModelException(
          ("%s is a folder, as TensorFlow's SavedModel is; supported are files, as"
                  + " model.save(\"name.keras\") and model.save(\"name.h5\") write them")
              .formatted(file));
    }
    if (Files.size(file) > Integer.MAX_VALUE - 8) {
      throw new IOException(
          "%s has %d bytes; expected at most 2 GB".formatted(file, Files.size(file)));
    }
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
   * What can be read.
   *
   * @return the layers, the activations by name, and the operations between layers, in small
   *     letters and without underscores
   */
  public static List<Supported> supported() {
    return List.of(
        Supported.of("layers", KerasLayers.names()),
        Supported.of("activations", KerasActivations.names()),
        Supported.of("operations", KerasOperations.names()));
  }

  private static Network read(byte[] bytes, String name, String origin) throws IOException {
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      KerasModel model = KerasModel.read(KerasFile.read(bytes, name, origin));
      return new Network(
          name,
          Digests.sha256(bytes),
          new KerasTranslation(name, model).input(),
          shape -> new KerasTranslation(name, model).run(shape));
    }
  }
}
