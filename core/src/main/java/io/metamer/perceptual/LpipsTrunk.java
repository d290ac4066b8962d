package io.metamer.perceptual;

import io.metamer.image.ImageSpec;
import io.metamer.model.Layer;
import io.metamer.model.Network;
import io.metamer.model.UnsupportedModelException;
import io.metamer.network.Graph;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.perceptual.TrunkGraph.Filters;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A trunk that has been read from a file: its tapped layers, for images of any size. */
interface LpipsTrunk {

  /**
   * The graph whose outputs are the layers that LPIPS reads.
   *
   * @throws IllegalArgumentException if the images are too small, or the weights do not fit
   *     together; the message says so
   */
  Graph graph(int height, int width);

  /**
   * Reads a file.
   *
   * @param file an ONNX model, or a state dict of torchvision's network or of its features
   * @param published whether its layers have to be of the published sizes
   * @throws IOException if the file is missing, damaged, or holds another network; the message
   *     names the file, what was expected and what was found
   */
  static LpipsTrunk load(Path file, Trunk trunk, boolean published) throws IOException {
    if (file.toString().toLowerCase(Locale.ROOT).endsWith(".onnx")) {
      return ofOnnx(file, trunk, published);
    }
    Map<String, Filters> filters = filters(StateDict.load(file), file, trunk, published);
    return (height, width) -> TrunkGraph.of(trunk, filters, height, width);
  }

  // State dicts.

  private static Map<String, Filters> filters(
      StateDict weights, Path file, Trunk trunk, boolean published) throws IOException {
    Optional<String> prefix = prefix(weights);
    Map<String, Filters> filters = new LinkedHashMap<>();
    int number = 0;
    for (Map.Entry<String, long[]> convolution : convolutions(trunk).entrySet()) {
      String name = convolution.getKey();
      String stem = prefix.map(p -> p + name + ".").orElse("");
      String weight = prefix.isPresent() ? stem + "weight" : "w" + number;
      String bias = prefix.isPresent() ? stem + "bias" : "b" + number;
      for (String tensor : List.of(weight, bias)) {
        if (!weights.contains(tensor)) {
          throw new IOException(
              "%s: expected the tensor %s of %s, found %s"
                  .formatted(file, tensor, trunk.network(), some(weights.names())));
        }
      }
      INDArray w = weights.tensor(weight);
      INDArray b = weights.tensor(bias);
      long[] expected = convolution.getValue();
      boolean fits =
          published
              ? Arrays.equals(w.shape(), expected)
              : w.rank() == 4 && w.size(2) == expected[2] && w.size(3) == expected[3];
      if (!fits || b.rank() != 1 || b.length() != w.size(0)) {
        throw new IOException(
            "%s: expected %s of shape %s and as many biases, as %s has them, found %s and %s"
                .formatted(
                    file,
                    weight,
                    Arrays.toString(expected),
                    trunk.network(),
                    Arrays.toString(w.shape()),
                    Arrays.toString(b.shape())));
      }
      filters.put(name, new Filters(w, b));
      number++;
    }
    return filters;
  }

  /** What stands before "0.weight"; nothing where tensors are called w0, b0 and so on. */
  private static Optional<String> prefix(StateDict weights) {
    String first = "0.weight";
    for (String name : weights.names()) {
      if (name.equals(first) || name.endsWith("features." + first)) {
        return Optional.of(name.substring(0, name.length() - first.length()));
      }
    }
    return weights.contains("w0") ? Optional.empty() : Optional.of("features.");
  }

  /** The names in torchvision's features, in order, with the shapes of the weights. */
  private static Map<String, long[]> convolutions(Trunk trunk) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    switch (trunk) {
      case ALEX -> {
        shapes.put("0", new long[] {64, 3, 11, 11});
        shapes.put("3", new long[] {192, 64, 5, 5});
        shapes.put("6", new long[] {384, 192, 3, 3});
        shapes.put("8", new long[] {256, 384, 3, 3});
        shapes.put("10", new long[] {256, 256, 3, 3});
      }
      case VGG -> {
        int[] places = {0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28};
        int[] channels = {64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512};
        for (int k = 0; k < places.length; k++) {
          long before = k == 0 ? 3 : channels[k - 1];
          shapes.put("" + places[k], new long[] {channels[k], before, 3, 3});
        }
      }
      case SQUEEZE -> {
        shapes.put("0", new long[] {64, 3, 3, 3});
        int[] places = {3, 4, 6, 7, 9, 10, 11, 12};
        int[] squeezed = {16, 16, 32, 32, 48, 48, 64, 64};
        for (int k = 0; k < places.length; k++) {
          long few = squeezed[k];
          long before = k == 0 ? 64 : 8L * squeezed[k - 1];
          shapes.put(places[k] + ".squeeze", new long[] {few, before, 1, 1});
          shapes.put(places[k] + ".expand1x1", new long[] {4 * few, few, 1, 1});
          shapes.put(places[k] + ".expand3x3", new long[] {4 * few, few, 3, 3});
        }
      }
    }
    return shapes;
  }

  private static String some(List<String> names) {
    int shown = 6;
    String list = String.join(", ", names.subList(0, Math.min(shown, names.size())));
    return names.size() <= shown ? list : list + " and %d more".formatted(names.size() - shown);
  }

  // ONNX.

  private static LpipsTrunk ofOnnx(Path file, Trunk trunk, boolean published) throws IOException {
    Network network;
    List<Layer> layers;
    try {
      network = Network.load(file);
      layers = network.layers(ImageSpec.rgb(64));
    } catch (UnsupportedModelException | IllegalArgumentException e) {
      throw new IOException(
          "%s: expected %s for images of any size, with free height and width: %s"
              .formatted(file, trunk.network(), e.getMessage()),
          e);
    }
    List<String> taps = new ArrayList<>();
    for (int k = 0; k < trunk.channels().length; k++) {
      String kind = trunk == Trunk.SQUEEZE && k > 0 ? "concatenation" : "relu";
      int number = trunk.place(k);
      List<Layer> alike = layers.stream().filter(layer -> layer.kind().equals(kind)).toList();
      if (alike.size() < number) {
        throw new IOException(
            "%s: expected %s with at least %d layers of the kind %s, found %d"
                .formatted(file, trunk.network(), number, kind, alike.size()));
      }
      Layer layer = alike.get(number - 1);
      if (published && layer.shape()[0] != trunk.channels()[k]) {
        throw new IOException(
            "%s: expected %d channels in the layer %s of %s, found %d"
                .formatted(
                    file, trunk.channels()[k], layer.name(), trunk.network(), layer.shape()[0]));
      }
      taps.add(layer.name());
    }
    return (height, width) -> network.graph(taps, new ImageSpec(3, height, width, 0, 1));
  }
}
