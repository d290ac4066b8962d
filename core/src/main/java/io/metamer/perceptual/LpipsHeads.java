package io.metamer.perceptual;

import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Learned heads: for each layer one weight a channel, at least 0.
 *
 * @param file where they come from, for messages
 * @param weights one array a layer
 */
record LpipsHeads(Path file, List<double[]> weights) {

  /**
   * How far sums may be from those of the published heads. Weights of 16 bits stay within; heads
   * trained again do not.
   */
  private static final double TOLERANCE = 1e-3;

  /** The names that a head's tensor goes by: in the original files, and in plain ones. */
  private static final List<String> NAMES =
      List.of("lin%d.model.1.weight", "lin%d.weight", "lin%d");

  /**
   * What is known of published heads: the sum of each layer's weights, and their sum when each is
   * multiplied by the middle of its place, (c + 1/2) / C, which tells weights in another order.
   */
  private record Sums(double[] plain, double[] placed) {}

  /**
   * Reads a file.
   *
   * @throws IOException if it is missing or damaged, or holds anything but heads; the message names
   *     the file, what was expected and what was found
   */
  static LpipsHeads load(Path file) throws IOException {
    StateDict tensors = StateDict.load(file);
    List<double[]> weights = new ArrayList<>();
    for (int k = 0; ; k++) {
      int layer = k;
      List<String> names =
          NAMES.stream().map(name -> name.formatted(layer)).filter(tensors::contains).toList();
      if (names.isEmpty()) {
        break;
      }
      INDArray tensor = tensors.tensor(names.get(0));
      long[] shape = tensor.shape();
      boolean column =
          shape.length == 1
              || (shape.length == 4 && shape[0] == 1 && shape[2] == 1 && shape[3] == 1);
      if (!column || tensor.isEmpty()) {
        throw new IOException(
            "%s: expected %s of shape [1, C, 1, 1] or [C], found %s"
                .formatted(file, names.get(0), Arrays.toString(shape)));
      }
      double[] numbers = tensor.castTo(DataType.DOUBLE).reshape(tensor.length()).toDoubleVector();
      for (int c = 0; c < numbers.length; c++) {
        if (!(numbers[c] >= 0 && numbers[c] < Double.POSITIVE_INFINITY)) {
          throw new IOException(
              "%s: expected weights of at least 0, as trained heads have them, found %s in channel %d of %s; heads that were drawn at random have such"
                  .formatted(file, numbers[c], c, names.get(0)));
        }
      }
      weights.add(numbers);
    }
    if (weights.isEmpty()) {
      List<String> found = tensors.names();
      throw new IOException(
          "%s: expected the heads lin0.model.1.weight (or lin0) and so on, found %s"
              .formatted(file, found.subList(0, Math.min(6, found.size()))));
    }
    return new LpipsHeads(file, weights);
  }

  /**
   * Checks that there is one head a layer, of its number of channels.
   *
   * @throws IOException if not
   */
  void checkChannels(Trunk trunk, int[] channels) throws IOException {
    int[] own = weights.stream().mapToInt(w -> w.length).toArray();
    if (!Arrays.equals(own, channels)) {
      throw new IOException(
          "%s: expected heads for %s, of %s weights, found %s%s"
              .formatted(
                  file,
                  trunk.network(),
                  Arrays.toString(channels),
                  Arrays.toString(own),
                  Stream.of(Trunk.values())
                      .filter(other -> Arrays.equals(own, other.channels()))
                      .map(other -> ": those of " + other.network())
                      .findFirst()
                      .orElse("")));
    }
  }

  /**
   * Checks that they are the published ones.
   *
   * @throws IOException if not; the message says of which layer, and what else they are
   */
  void checkPublished(Trunk trunk, Heads version) throws IOException {
    checkChannels(trunk, trunk.channels());
    Sums known = known(trunk, version);
    for (int k = 0; k < weights.size(); k++) {
      double sum = sum(weights.get(k), false);
      double placed = sum(weights.get(k), true);
      if (!close(known.plain[k], sum) || !close(known.placed[k], placed)) {
        boolean order = close(known.plain[k], sum);
        throw new IOException(
            String.format(
                Locale.ROOT,
                "%s: expected the heads of LPIPS %s for %s, whose lin%d %s %.6f, found %.6f%s",
                file,
                version.label(),
                trunk.network(),
                k,
                order ? "is in another order: weights times places sum to" : "sums to",
                order ? known.placed[k] : known.plain[k],
                order ? placed : sum,
                Stream.of(Heads.V0_1, Heads.V0_0)
                    .filter(other -> other != version && agrees(known(trunk, other)))
                    .map(other -> ": these are the heads of " + other.label())
                    .findFirst()
                    .orElse("")));
      }
    }
  }

  private boolean agrees(Sums known) {
    for (int k = 0; k < weights.size(); k++) {
      if (!close(known.plain[k], sum(weights.get(k), false))) {
        return false;
      }
    }
    return true;
  }

  private static boolean close(double expected, double found) {
    return Math.abs(found - expected) <= TOLERANCE * expected;
  }

  private static double sum(double[] weights, boolean placed) {
    double sum = 0;
    for (int c = 0; c < weights.length; c++) {
      sum += placed ? (c + 0.5) / weights.length * weights[c] : weights[c];
    }
    return sum;
  }

  /** Computed from the published files; those of version 0.1 are in golden/perceptual/lpips.py. */
  private static Sums known(Trunk trunk, Heads version) {
    boolean current = version == Heads.V0_1;
    return switch (trunk) {
      case ALEX ->
          current
              ? new Sums(
                  new double[] {2.349532, 16.143027, 39.268439, 27.197178, 20.317177},
                  new double[] {1.468717, 8.328539, 20.489142, 13.074089, 9.471436})
              : new Sums(
                  new double[] {2.565887, 10.257388, 22.434314, 16.313913, 13.934519},
                  new double[] {1.459337, 5.302622, 11.863395, 7.612725, 6.639067});
      case VGG ->
          current
              ? new Sums(
                  new double[] {6.925992, 8.858334, 17.515006, 51.521323, 47.034854},
                  new double[] {3.145366, 4.182375, 8.748754, 25.928721, 23.198630})
              : new Sums(
                  new double[] {3.641608, 1.960115, 1.123096, 20.106263, 25.689573},
                  new double[] {1.538364, 0.704255, 0.581109, 10.218281, 12.588373});
      case SQUEEZE ->
          current
              ? new Sums(
                  new double[] {
                    5.690101, 1.185279, 16.326565, 71.012624, 37.370723, 24.262872, 17.590553
                  },
                  new double[] {
                    2.873273, 0.220341, 7.100095, 29.648874, 15.283127, 11.244552, 8.950284
                  })
              : new Sums(
                  new double[] {
                    5.301839, 1.145214, 8.885090, 38.112480, 22.990481, 15.438675, 13.054787
                  },
                  new double[] {
                    3.216154, 0.196137, 3.613179, 17.007473, 8.982172, 7.064311, 6.240267
                  });
    };
  }
}
