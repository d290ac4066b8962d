package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Identically represented inputs, how well each one matches, and where they came from.
 *
 * <p>Owns its arrays until closed; they are not to be changed.
 *
 * @param input what the images look like
 * @param targets the images whose representations were to be matched, shape {@code [N, C, H, W]}
 * @param seeds the images to start from, clipped to the bounds, as observers see them; the same
 *     shape. A search in a ball around its target starts at the nearest image in the ball
 * @param images the best image found for each target; the same shape, in the bounds
 * @param outcomes one for each image
 * @param certificates one for each image: how well it matches
 * @param nullDistribution the random pairs that percentiles are among; absent where there were none
 * @param options how it was searched
 * @param provenance where the result came from
 * @since 0.1
 */
public record InversionResult(
    ImageSpec input,
    INDArray targets,
    INDArray seeds,
    INDArray images,
    List<ImageOutcome> outcomes,
    List<Certificate> certificates,
    Optional<NullDistribution> nullDistribution,
    InversionOptions options,
    Provenance provenance)
    implements AutoCloseable {

  public InversionResult {
    outcomes = List.copyOf(outcomes);
    certificates = List.copyOf(certificates);
    if (certificates.size() != outcomes.size()) {
      throw new IllegalArgumentException(
          "expected a certificate for each of %d images, got %d"
              .formatted(outcomes.size(), certificates.size()));
    }
  }

  /**
   * The best image for each target of several searches for the same: the one of the lowest loss,
   * which is what each search minimised and kept its best iterate by; of equal ones the first.
   *
   * @param restarts searches that differ in their seeds only; they stay the caller's to close
   * @return copies of the best; the caller's, to be closed
   * @throws IllegalArgumentException if there are none, or they differ in model, targets or options
   *     (as {@linkplain Inverter#diverse diverse} ones do, whose losses cannot be compared)
   */
  public static InversionResult bestOf(List<InversionResult> restarts) {
    if (restarts.isEmpty()) {
      throw new IllegalArgumentException("expected at least one result, got none");
    }
    InversionResult first = restarts.get(0);
    for (InversionResult other : restarts) {
      if (!other.provenance.model().equals(first.provenance.model())
          || !other.provenance.targetsSha256().equals(first.provenance.targetsSha256())
          || !other.options.equals(first.options)) {
        throw new IllegalArgumentException(
            "expected results of the same model, targets and options, got %s and %s"
                .formatted(first.provenance, other.provenance));
      }
    }
    INDArray seeds = first.seeds.dup('c');
    INDArray images = first.images.dup('c');
    List<ImageOutcome> outcomes = new ArrayList<>();
    List<Certificate> certificates = new ArrayList<>();
    for (int i = 0; i < first.size(); i++) {
      InversionResult best = first;
      for (InversionResult other : restarts) {
        best = other.outcomes.get(i).loss() < best.outcomes.get(i).loss() ? other : best;
      }
      seeds.slice(i).assign(best.seeds.slice(i));
      images.slice(i).assign(best.images.slice(i));
      outcomes.add(best.outcomes.get(i));
      certificates.add(best.certificates.get(i));
    }
    return new InversionResult(
        first.input,
        first.targets.dup('c'),
        seeds,
        images,
        outcomes,
        certificates,
        first.nullDistribution,
        first.options,
        Provenance.of(restarts.stream().map(InversionResult::provenance).toList()));
  }

  /**
   * The number of images.
   *
   * @return N
   */
  public int size() {
    return outcomes.size();
  }

  /**
   * Which images deserve the name of identically represented inputs.
   *
   * @param tolerance the largest relative distance that counts as identical
   * @return their indices, ascending; may be empty
   */
  public int[] identical(double tolerance) {
    return IntStream.range(0, size())
        .filter(i -> outcomes.get(i).distance() <= tolerance)
        .toArray();
  }

  /**
   * Which images deserve the name of identically represented inputs, by their certificates.
   *
   * @param criterion what certificates have to say
   * @return their indices, ascending; may be empty
   * @throws IllegalStateException if the criterion asks for classes and there was no classifier, or
   *     for a percentile and there was no null distribution
   */
  public int[] identical(Criterion criterion) {
    return IntStream.range(0, size()).filter(i -> criterion.holds(certificates.get(i))).toArray();
  }

  /** How many there are, how many match, and the median relative distance. */
  @Override
  public String toString() {
    double[] sorted = outcomes.stream().mapToDouble(ImageOutcome::distance).sorted().toArray();
    int n = sorted.length;
    return String.format(
        Locale.ROOT,
        "%d images, %d within %s of their targets%s",
        n,
        identical(options.tolerance()).length,
        options.tolerance(),
        n == 0
            ? ""
            : String.format(
                Locale.ROOT, ", median %.3g", (sorted[(n - 1) / 2] + sorted[n / 2]) / 2));
  }

  /** Gives the memory of the arrays back. */
  @Override
  public void close() {
    for (INDArray array : List.of(targets, seeds, images)) {
      if (array.closeable()) {
        array.close();
      }
    }
  }
}
