package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.network.Engine;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A network that has been read, whatever its file's format: which layers it has, and its
 * representations at them.
 *
 * <p>Layers are named as the file names them. Two names always mean something: {@code penultimate},
 * the input of the last dense layer (or of the convolution that stands for one) flattened, and
 * {@code logits}, the output before a softmax.
 *
 * @see OnnxNetwork
 * @see Dl4jNetwork
 * @since 0.1
 */
public final class Network {

  /** Translates what was read into nodes, for images of one size. */
  @FunctionalInterface
  interface Source {

    Translation translate(long[] shape);
  }

  private final String name;
  private final String sha256;
  private final long @Nullable [] declared;
  private final Source source;

  /** {@code declared}: the images' shape [C, H, W] where the file states it, -1 for a free size. */
  Network(String name, String sha256, long @Nullable [] declared, Source source) {
    this.name = name;
    this.sha256 = sha256;
    this.declared = declared == null ? null : declared.clone();
    this.source = source;
  }

  /**
   * A short name for tables.
   *
   * @return the file's without its ending, or what the caller gave
   */
  public String name() {
    return name;
  }

  /**
   * Identifies the weights.
   *
   * @return the SHA-256 of the file, or of the weights of a network from memory; 64 hexadecimal
   *     digits
   */
  public String sha256() {
    return sha256;
  }

  /**
   * The size of image that the file states.
   *
   * @return {@code [C, H, W]}, or nothing where a part of it is free or not stated
   */
  public Optional<long[]> input() {
    if (declared == null) {
      return Optional.empty();
    }
    for (long d : declared) {
      if (d < 1) {
        return Optional.empty();
      }
    }
    return Optional.of(declared.clone());
  }

  /**
   * The layers, where the file states the size of its images.
   *
   * @return from input to output
   * @throws IllegalStateException if the size is free: ask {@link #layers(ImageSpec)}
   * @throws UnsupportedModelException if the network has a node that Metamer cannot run
   */
  public List<Layer> layers() {
    long[] shape =
        input()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "network %s takes images of any size; ask for layers(ImageSpec)"
                            .formatted(name)));
    return translate(shape).layers();
  }

  /**
   * The layers for images of a size.
   *
   * @param images what the images look like
   * @return from input to output
   * @throws IllegalArgumentException if the network takes other images; the message names the node
   *     that cannot
   * @throws UnsupportedModelException if the network has a node that Metamer cannot run
   */
  public List<Layer> layers(ImageSpec images) {
    return translate(images).layers();
  }

  /**
   * The representations at a layer.
   *
   * @param layer a name from {@link #layers}, {@code penultimate} or {@code logits}
   * @param images what the images look like that callers will give
   * @param preprocessing what the network wants done to them
   * @return representations flattened to vectors; the caller's, to be closed
   * @throws IllegalArgumentException if there is no such layer (the message lists near names), or
   *     the network or the preprocessing takes other images
   * @throws UnsupportedModelException if the network has a node that Metamer cannot run
   */
  public RepresentationModel at(String layer, ImageSpec images, Preprocessing preprocessing) {
    Translation translation = translate(images);
    String node = translation.resolve(name, layer);
    return new LayerModel(
        new ModelId(name, sha256, node, preprocessing),
        Math.toIntExact(Translation.length(translation.graph().shape(node))),
        compiled(translation, List.of(node), images, preprocessing));
  }

  /**
   * The activations of several layers at once, in the shapes they have.
   *
   * @param layers names as for {@link #at}, each layer once
   * @param images what the images look like that callers will give
   * @param preprocessing what the network wants done to them
   * @return the activations, in the order of the names; the caller's, to be closed
   * @throws IllegalArgumentException as for {@link #at}, or if there are no names or one twice
   * @throws UnsupportedModelException if the network has a node that Metamer cannot run
   */
  public Taps taps(List<String> layers, ImageSpec images, Preprocessing preprocessing) {
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("expected at least one layer, got none");
    }
    Translation translation = translate(images);
    List<String> nodes = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (String layer : layers) {
      String node = translation.resolve(name, layer);
      if (!seen.add(node)) {
        throw new IllegalArgumentException(
            "expected each layer once, got %s twice in %s".formatted(node, layers));
      }
      nodes.add(node);
    }
    return compiled(translation, nodes, images, preprocessing);
  }

  @Override
  public String toString() {
    return name;
  }

  private CompiledTaps compiled(
      Translation translation, List<String> nodes, ImageSpec images, Preprocessing preprocessing) {
    preprocessing.check(images);
    return new CompiledTaps(
        Engine.preferred(), translation.graph().upTo(nodes), images, preprocessing);
  }

  private Translation translate(ImageSpec images) {
    long[] shape = {images.channels(), images.height(), images.width()};
    if (declared != null) {
      for (int i = 0; i < 3; i++) {
        if (declared[i] >= 1 && declared[i] != shape[i]) {
          throw new IllegalArgumentException(
              "network %s takes images of %s, got %s"
                  .formatted(name, dimensions(declared), dimensions(shape)));
        }
      }
    }
    return translate(shape);
  }

  private Translation translate(long[] shape) {
    // Weights outlive whatever workspace the caller has open.
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return source.translate(shape);
    } catch (IllegalArgumentException e) {
      // What a node says of itself, such as a window larger than the map that it is given.
      throw new IllegalArgumentException(
          "network %s cannot take images of %s: %s"
              .formatted(name, dimensions(shape), e.getMessage()),
          e);
    }
  }

  private static String dimensions(long[] shape) {
    List<String> parts = new ArrayList<>();
    for (long d : shape) {
      parts.add(d < 1 ? "any" : Long.toString(d));
    }
    return String.join(" x ", parts);
  }
}
