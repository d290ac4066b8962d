package io.metamer.model;

import io.metamer.image.ImageSpec;
import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
 * {@code logits}, the output before a softmax or sigmoid. A regular expression stands for all
 * layers whose whole names it matches, in order; it is tried when there is no such name.
 *
 * <p>What the file holds is translated once for each size of image. The last four sizes are kept,
 * and models at layers of one size share its weights; those of all sizes share what the file holds
 * as it is. Safe for use by several threads at a time; the models that it makes are not.
 *
 * @see #load
 * @see OnnxNetwork
 * @see KerasNetwork
 * @see Dl4jNetwork
 * @since 0.1
 */
public final class Network {

  /** Translates what was read into nodes, for images of one size. */
  @FunctionalInterface
  interface Source {

    Translation translate(long[] shape);
  }

  /** How many sizes of image stay translated. */
  private static final int KEPT = 4;

  private final String name;
  private final String sha256;
  private final long @Nullable [] declared;
  private final Source source;

  /** By [C, H, W], least recently used first; guarded by itself. */
  private final Map<List<Long>, Translation> translations = new LinkedHashMap<>(16, 0.75f, true);

  /** {@code declared}: the images' shape [C, H, W] where the file states it, -1 for a free size. */
  Network(String name, String sha256, long @Nullable [] declared, Source source) {
    this.name = name;
    this.sha256 = sha256;
    this.declared = declared == null ? null : declared.clone();
    this.source = source;
  }

  /**
   * Reads a file, whichever of the formats it has: ONNX, Keras or DL4J. It is told by its contents.
   *
   * @param file a network
   * @return the network, named after the file
   * @throws IOException if the file is missing, cut short or none of these; the message says what
   *     it is where that can be told
   * @throws UnsupportedModelException if it has something that Metamer cannot run
   */
  public static Network load(Path file) throws IOException {
    return switch (FileFormat.of(file)) {
      case ONNX -> OnnxNetwork.load(file);
      case KERAS -> KerasNetwork.load(file);
      case DL4J -> Dl4jNetwork.load(file);
    };
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
   * The number of colour planes that the file states.
   *
   * @return at least 1, or nothing where it is free or not stated
   */
  public OptionalInt channels() {
    return declared == null || declared[0] < 1
        ? OptionalInt.empty()
        : OptionalInt.of(Math.toIntExact(declared[0]));
  }

  /**
   * The layers, where the file states the size of its images.
   *
   * @return from input to output, but the input itself; without those that Metamer cannot run,
   *     which {@link #table()} names with the reasons
   * @throws IllegalStateException if the size is free: ask {@link #layers(ImageSpec)}
   * @throws UnsupportedModelException if the network as a whole cannot be run, such as one whose
   *     output does not depend on its input
   */
  public List<Layer> layers() {
    return translate(stated("layers")).layers();
  }

  /**
   * The layers for images of a size.
   *
   * @param images what the images look like
   * @return as {@link #layers()}
   * @throws IllegalArgumentException if the network takes other images; the message names the node
   *     that cannot
   * @throws UnsupportedModelException if the network as a whole cannot be run, such as one whose
   *     output does not depend on its input
   */
  public List<Layer> layers(ImageSpec images) {
    return translate(images).layers();
  }

  /**
   * The layers that a selection stands for.
   *
   * @param selection names, aliases or regular expressions
   * @param images what the images look like
   * @return in the selection's order
   * @throws IllegalArgumentException as for {@link #at}
   * @throws UnsupportedModelException as for {@link #at}
   */
  public List<Layer> layers(LayerSelection selection, ImageSpec images) {
    Translation translation = translate(images);
    Map<String, Layer> listed = new HashMap<>();
    translation.layers().forEach(layer -> listed.put(layer.name(), layer));
    List<Layer> layers = new ArrayList<>();
    for (LayerSelection.Part part : translation.resolve(name, selection).parts()) {
      Layer layer = listed.get(part.layer());
      layers.add(layer == null ? translation.layer(part.layer()) : layer);
    }
    return layers;
  }

  /**
   * What the network itself does to images before its first layer, where that can be seen: nodes
   * that scale, move or reorder the channels. Such a network wants no other preprocessing, or one
   * that its own follows. {@link ModelId#inside} of its representations says the same.
   *
   * @param images what the images look like
   * @return numbers to six digits, or nothing
   * @throws IllegalArgumentException as for {@link #layers(ImageSpec)}
   * @throws UnsupportedModelException as for {@link #layers(ImageSpec)}
   */
  public Optional<Preprocessing> normalization(ImageSpec images) {
    return NormalizationInside.of(translate(images).graph());
  }

  /**
   * The layers as a table to print, where the file states the size of its images.
   *
   * @return as {@link #table(ImageSpec)}
   * @throws IllegalStateException if the size is free: ask {@link #table(ImageSpec)}
   * @throws UnsupportedModelException as for {@link #layers()}
   */
  public String table() {
    long[] shape = stated("table");
    return NetworkTable.of(this, shape, translate(shape));
  }

  /**
   * The layers for images of a size as a table to print, with name, kind, shape and parameters.
   * Above it stand the hash of the weights, the images' shape, what the aliases stand for, what the
   * network does to images itself, and what of it cannot be run, and why.
   *
   * @param images what the images look like
   * @return lines, each ended
   * @throws IllegalArgumentException as for {@link #layers(ImageSpec)}
   * @throws UnsupportedModelException as for {@link #layers(ImageSpec)}
   */
  public String table(ImageSpec images) {
    Translation translation = translate(images);
    return NetworkTable.of(this, translation.graph().inputShape(), translation);
  }

  /**
   * The representations at a layer.
   *
   * @param layer a name from {@link #layers}, {@code penultimate}, {@code logits}, or a regular
   *     expression that matches whole names
   * @param images what the images look like that callers will give
   * @param preprocessing what is to be done to them before the network
   * @return representations flattened to vectors; the caller's, to be closed
   * @throws IllegalArgumentException if there is no such layer (the message lists near names), or
   *     the network or the preprocessing takes other images
   * @throws UnsupportedModelException if the network has a node on the way to the layer that
   *     Metamer cannot run
   */
  public RepresentationModel at(String layer, ImageSpec images, Preprocessing preprocessing) {
    return at(LayerSelection.of(layer), images, preprocessing);
  }

  /**
   * The representations at several layers, or at one with a weight or a fake ReLU: the activations
   * of each layer, flattened, times its weight, one after the other.
   *
   * @param selection which layers
   * @param images what the images look like that callers will give
   * @param preprocessing what is to be done to them before the network
   * @return representations flattened to vectors; the caller's, to be closed
   * @throws IllegalArgumentException if there is no such layer (the message lists near names), one
   *     is there twice, there is no ReLU for a fake one, or the network or the preprocessing takes
   *     other images
   * @throws UnsupportedModelException if the network has a node on the way to one of the layers
   *     that Metamer cannot run
   */
  public RepresentationModel at(
      LayerSelection selection, ImageSpec images, Preprocessing preprocessing) {
    Translation translation = translate(images);
    LayerSelection exact = translation.resolve(name, selection);
    int[] sizes = new int[exact.parts().size()];
    double[] weights = new double[sizes.length];
    List<String> nodes = new ArrayList<>();
    for (int k = 0; k < sizes.length; k++) {
      LayerSelection.Part part = exact.parts().get(k);
      nodes.add(part.layer());
      weights[k] = part.weight();
      sizes[k] = Math.toIntExact(Translation.length(translation.graph().shape(part.layer())));
    }
    Graph graph = translation.graph();
    if (exact.fakeRelu()) {
      graph = withFakeRelus(graph, nodes);
    }
    return new LayerModel(
        new ModelId(
            name,
            sha256,
            exact.toString(),
            preprocessing,
            NormalizationInside.of(translation.graph())),
        weights,
        sizes,
        Arrays.stream(sizes).reduce(0, Math::addExact),
        compiled(graph, nodes, images, preprocessing));
  }

  /**
   * The activations of several layers at once, in the shapes they have.
   *
   * @param layers names as for {@link #at}, each layer once
   * @param images what the images look like that callers will give
   * @param preprocessing what is to be done to them before the network
   * @return the activations, in the order of the names; the caller's, to be closed
   * @throws IllegalArgumentException as for {@link #at}, or if there are no names or one twice
   * @throws UnsupportedModelException as for {@link #at}
   */
  public Taps taps(List<String> layers, ImageSpec images, Preprocessing preprocessing) {
    Translation translation = translate(images);
    LayerSelection exact = translation.resolve(name, LayerSelection.of(layers));
    return compiled(
        translation.graph(),
        exact.parts().stream().map(LayerSelection.Part::layer).toList(),
        images,
        preprocessing);
  }

  /**
   * What leads from images to some layers, without preprocessing: for what builds on it.
   *
   * @param layers names as for {@link #at}, each layer once
   * @param images what the images look like
   * @return a graph whose outputs are the layers, in the order of the names
   * @throws IllegalArgumentException as for {@link #at}, or if there are no names or one twice
   * @throws UnsupportedModelException as for {@link #at}
   */
  public Graph graph(List<String> layers, ImageSpec images) {
    Translation translation = translate(images);
    LayerSelection exact = translation.resolve(name, LayerSelection.of(layers));
    return translation
        .graph()
        .upTo(exact.parts().stream().map(LayerSelection.Part::layer).toList());
  }

  @Override
  public String toString() {
    return name;
  }

  /** With the last ReLU before each of some nodes replaced. */
  private static Graph withFakeRelus(Graph graph, List<String> nodes) {
    Graph result = graph;
    // One by one, and each once: a second go for the same ReLU would find the one before it.
    Set<String> done = new HashSet<>();
    for (String node : nodes) {
      Graph before = graph.upTo(List.of(node));
      Optional<String> relu =
          before.nodes().stream()
              .filter(n -> n instanceof Node.Activation a && a.function() == Function.RELU)
              .map(Node::name)
              .reduce((first, second) -> second);
      if (relu.isEmpty() || done.add(relu.get())) {
        result = result.withFakeRelu(relu.orElse(node));
      }
    }
    return result;
  }

  private static CompiledTaps compiled(
      Graph graph, List<String> nodes, ImageSpec images, Preprocessing preprocessing) {
    preprocessing.check(images);
    return new CompiledTaps(Engine.preferred(), graph.upTo(nodes), images, preprocessing);
  }

  /** The size of image that the file states. */
  private long[] stated(String question) {
    return input()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "network %s states no size of its images; ask for %s(ImageSpec)"
                        .formatted(name, question)));
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
      synchronized (translations) {
        List<Long> key = Arrays.stream(shape).boxed().toList();
        Translation translation = translations.get(key);
        if (translation == null) {
          translation = source.translate(shape);
          if (translations.size() == KEPT) {
            var oldest = translations.keySet().iterator();
            oldest.next();
            oldest.remove();
          }
          translations.put(key, translation);
        }
        return translation;
      }
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
