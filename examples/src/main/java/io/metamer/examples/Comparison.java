package io.metamer.examples;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * What was computed against what is stored, piece by piece of a batch: {@code ||a - b|| / ||b||}
 * over the whole. An array may be stored under another shape of as many numbers, and a map as
 * {@code [N, H, W, C]}; where both readings fit, the closer one counts.
 */
final class Comparison {

  /** One way to read a stored array, and how far off it is so far. */
  private static final class Reading {

    final INDArray stored;
    final boolean channelsLast;
    double difference;
    double norm;

    Reading(INDArray stored, boolean channelsLast) {
      this.stored = stored;
      this.channelsLast = channelsLast;
    }

    double error() {
      if (norm == 0) {
        return difference == 0 ? 0 : Double.POSITIVE_INFINITY;
      }
      return Math.sqrt(difference / norm);
    }
  }

  private final List<Reading> readings;

  private Comparison(List<Reading> readings) {
    this.readings = readings;
  }

  /**
   * Against a stored array.
   *
   * @param file where it was stored, for messages
   * @param shape of what is computed, with the batch first
   */
  static Comparison with(INDArray stored, Path file, long[] shape, String what) {
    return new Comparison(readings(stored, file, shape, what));
  }

  /** A stored array in the shape of what is computed, in a layout that was found for another. */
  static INDArray read(
      INDArray stored, Path file, long[] shape, String what, boolean channelsLast) {
    List<Reading> readings = readings(stored, file, shape, what);
    return readings.stream()
        .filter(reading -> reading.channelsLast == channelsLast)
        .findFirst()
        .orElse(readings.get(0))
        .stored;
  }

  private static List<Reading> readings(INDArray stored, Path file, long[] shape, String what) {
    long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    if (stored.length() != length) {
      throw new BadInput(
          "%s is of shape %s, expected %s of %s, or as many numbers."
              .formatted(file, Arrays.toString(stored.shape()), Arrays.toString(shape), what));
    }
    List<Reading> readings = new ArrayList<>();
    long[] last = shape.length == 4 ? new long[] {shape[0], shape[2], shape[3], shape[1]} : shape;
    boolean same = Arrays.equals(stored.shape(), shape);
    boolean turned = Arrays.equals(stored.shape(), last);
    if (same || !turned) {
      readings.add(new Reading(stored.reshape('c', shape), false));
    }
    if (shape.length == 4 && (turned || !same)) {
      INDArray maps = stored.reshape('c', last).permute(0, 3, 1, 2).dup('c');
      readings.add(new Reading(maps, true));
    }
    return readings;
  }

  /** Takes in what was computed for some examples of the batch. */
  void add(long from, long to, INDArray computed) {
    INDArray actual = computed.castTo(DataType.DOUBLE);
    for (Reading reading : readings) {
      INDArray expected =
          reading.stored.get(NDArrayIndex.interval(from, to)).castTo(DataType.DOUBLE);
      INDArray off = actual.reshape('c', expected.shape()).sub(expected);
      reading.difference += off.mul(off).sumNumber().doubleValue();
      reading.norm += expected.mul(expected).sumNumber().doubleValue();
    }
  }

  /** The relative error in norm. */
  double error() {
    return best().error();
  }

  /** Whether the array is stored as [N, H, W, C]. */
  boolean channelsLast() {
    return best().channelsLast;
  }

  private Reading best() {
    return readings.stream().min(Comparator.comparingDouble(Reading::error)).orElseThrow();
  }
}
