package io.metamer.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which layers of a network make up a representation: the activations of each, flattened, times its
 * weight, one after the other.
 *
 * @param parts the layers, at least one
 * @param fakeRelu whether the last ReLU before each layer lets gradients through as if it were the
 *     identity; see {@link #withFakeRelu}
 * @since 0.1
 */
public record LayerSelection(List<Part> parts, boolean fakeRelu) {

  /**
   * One layer, or all that a regular expression matches.
   *
   * @param layer a name from {@link Network#layers()}, {@code penultimate}, {@code logits}, or a
   *     regular expression that matches whole names
   * @param weight what the activations are multiplied by, above 0
   */
  public record Part(String layer, double weight) {

    public Part {
      if (!(weight > 0) || Double.isInfinite(weight)) {
        throw new IllegalArgumentException(
            "expected a finite weight above 0 of layer %s, got %s".formatted(layer, weight));
      }
    }
  }

  public LayerSelection {
    parts = List.copyOf(parts);
    if (parts.isEmpty()) {
      throw new IllegalArgumentException("expected at least one layer, got none");
    }
  }

  /**
   * One layer as it is.
   *
   * @param layer as of {@link Part}
   * @return of weight 1
   */
  public static LayerSelection of(String layer) {
    return of(layer, 1);
  }

  /**
   * One layer, for others to be added.
   *
   * @param layer as of {@link Part}
   * @param weight above 0
   * @return with this weight
   */
  public static LayerSelection of(String layer, double weight) {
    return new LayerSelection(List.of(new Part(layer, weight)), false);
  }

  /**
   * Several layers as they are.
   *
   * @param layers as of {@link Part}, at least one
   * @return each of weight 1
   */
  public static LayerSelection of(List<String> layers) {
    return new LayerSelection(layers.stream().map(layer -> new Part(layer, 1)).toList(), false);
  }

  /**
   * These layers and one more.
   *
   * @param layer as of {@link Part}
   * @return with the layer last, of weight 1
   */
  public LayerSelection and(String layer) {
    return and(layer, 1);
  }

  /**
   * These layers and one more.
   *
   * @param layer as of {@link Part}
   * @param weight above 0
   * @return with the layer last, of this weight
   */
  public LayerSelection and(String layer, double weight) {
    List<Part> more = new ArrayList<>(parts);
    more.add(new Part(layer, weight));
    return new LayerSelection(more, fakeRelu);
  }

  /**
   * With the last ReLU before each layer (or the layer itself, where it is one) letting gradients
   * through as if it were the identity, so that units that are 0 can still move. What is computed
   * forward stays the same; <em>what is computed backward is then not the gradient of any loss</em>
   * but the direction in which the published searches go.
   *
   * <p>Of several layers each has its own last ReLU. Gradients of a later layer that pass through
   * an earlier layer's ReLU find it changed too.
   *
   * @return a copy
   * @see <a href="https://github.com/MadryLab/robustness">Engstrom et al. (2019), {@code
   *     fake_relu}</a>
   */
  public LayerSelection withFakeRelu() {
    return new LayerSelection(parts, true);
  }

  /**
   * The name of a single layer as it is; else all names in quotation marks, with the weights that
   * are not 1: {@code "conv3", 0.5 * "conv4", fake ReLU}. Different selections have different
   * texts.
   */
  @Override
  public String toString() {
    String first = parts.get(0).layer();
    if (equals(of(first)) && first.indexOf('"') < 0) {
      return first;
    }
    return parts.stream().map(LayerSelection::text).collect(Collectors.joining(", "))
        + (fakeRelu ? ", fake ReLU" : "");
  }

  private static String text(Part part) {
    String name = '"' + part.layer().replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    return part.weight() == 1 ? name : part.weight() + " * " + name;
  }
}
