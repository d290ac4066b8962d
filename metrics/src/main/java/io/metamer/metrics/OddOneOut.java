package io.metamer.metrics;

import io.metamer.inversion.InversionResult;
import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Of three images, two of one target and one of another: is the other one seen as the odd one?
 *
 * <p>One trial an image; chance is 1/3. Nothing says which image the others are to be compared
 * with, so that the task also asks what sets images apart: where a network's inverted images look
 * like noise, the inverted image is the odd one beside two targets, or all look alike.
 *
 * <p>The targets are put into a random circle, or those of each group into one of their own; the
 * odd image of a trial is that of the next target, so that, where all targets have equally many
 * images, each is the odd one as often as it is asked about. The odd image is in each place equally
 * often, up to one trial, and the orders of the two others up to three. A tie counts as not
 * aligned.
 *
 * <p>An image is matched if every inverted image that its trial shows is. The interval, at 95 %, is
 * Wilson's (1927); where there are several images of one target, targets are resampled (percentile
 * bootstrap, 10,000 resamples, seeded), and the interval is widened where needed to hold Wilson's.
 *
 * @param pair which two images of one target are shown
 * @param seed decides circles, places and resamples
 * @param groups the group of each image, such as its class, for an odd one of the same group; empty
 *     for one of any
 * @see "Hebart et al. (2020), Revealing the multidimensional mental representations of natural
 *     objects underlying human similarity judgements: the task, in which people choose the odd one
 *     of three"
 * @since 0.1
 */
public record OddOneOut(Pair pair, long seed, List<String> groups) implements AlignmentMetric {

  /** Which two images of one target are shown. */
  public enum Pair {
    /** The target and what was found for it; the third is another target. */
    TARGET_AND_IRI,
    /**
     * Two images that were found for the target, from different seeds; the third was found for
     * another target. Needs a search with each target at least twice.
     */
    TWO_IRIS
  }

  public OddOneOut {
    groups = List.copyOf(groups);
  }

  /**
   * A target, what was found for it, and any other target.
   *
   * @param seed decides the circle, places and resamples
   */
  public OddOneOut(long seed) {
    this(Pair.TARGET_AND_IRI, seed, List.of());
  }

  /**
   * Two images that were found for a target, and one that was found for any other.
   *
   * @param seed decides the circle, places and resamples
   * @return the metric; its results need each target at least twice
   */
  public static OddOneOut twoIris(long seed) {
    return new OddOneOut(Pair.TWO_IRIS, seed, List.of());
  }

  /**
   * With an odd one of the same group: such trials are harder.
   *
   * @param groups the group of each image, such as its class
   * @return the copy
   */
  public OddOneOut withGroups(List<String> groups) {
    return new OddOneOut(pair, seed, groups);
  }

  @Override
  public String name() {
    return "odd one out"
        + (pair == Pair.TWO_IRIS ? " of IRIs" : "")
        + (groups.isEmpty() ? "" : " within groups");
  }

  /**
   * One trial for each image: with its target, or another image of its target, and one of another
   * target.
   *
   * @return in the order of the images
   * @throws IllegalArgumentException if the result, or a group, has fewer than two different
   *     targets, or another number of images than there are groups given, or if two inverted images
   *     of each target are asked for and there is one
   */
  @Override
  public List<Trial> trials(InversionResult result) {
    Shuffle shuffle = new Shuffle(seed);
    Trial[] trials = new Trial[result.size()];
    int block = 0;
    int drawn = 0;
    for (List<Integer> members : Groups.of(groups, result.size(), 2)) {
      List<List<Integer>> circle = shuffle.of(targets(result, members));
      for (int k = 0; k < circle.size(); k++) {
        List<Integer> same = circle.get(k);
        List<Integer> next = circle.get((k + 1) % circle.size());
        for (int m = 0; m < same.size(); m++) {
          int image = same.get(m);
          int partner = same.get((m + 1) % same.size());
          int other = next.get(m % next.size());
          trials[image] = trial(image, partner, other, drawn++, block);
        }
        block++;
      }
    }
    return List.of(trials);
  }

  /** All six orders follow each other; which image has which is random, as circles are. */
  private Trial trial(int image, int partner, int other, int drawn, int block) {
    Stimulus query = Stimulus.iri(image);
    boolean target = pair == Pair.TARGET_AND_IRI;
    Stimulus mate = target ? Stimulus.target(image) : Stimulus.iri(partner);
    int place = drawn % 3;
    List<Stimulus> shown =
        new ArrayList<>(drawn / 3 % 2 == 0 ? List.of(query, mate) : List.of(mate, query));
    shown.add(place, target ? Stimulus.target(other) : Stimulus.iri(other));
    String design =
        "odd-%s%s".formatted(target ? "target" : "iris", groups.isEmpty() ? "" : "-groups");
    return new Trial(
        "%s-%d-%d".formatted(design, seed, image),
        query,
        shown,
        place,
        block,
        Trial.Task.ODD_ONE_OUT);
  }

  /** The images of each target, by its pixels, in order of their first. */
  private List<List<Integer>> targets(InversionResult result, List<Integer> members) {
    Map<DoubleBuffer, List<Integer>> images = new LinkedHashMap<>();
    for (int i : members) {
      INDArray target = result.targets().get(NDArrayIndex.point(i));
      DoubleBuffer pixels =
          DoubleBuffer.wrap(
              target.castTo(DataType.DOUBLE).dup('c').reshape(target.length()).toDoubleVector());
      images.computeIfAbsent(pixels, p -> new ArrayList<>()).add(i);
    }
    List<List<Integer>> targets = List.copyOf(images.values());
    if (targets.size() < 2) {
      throw new IllegalArgumentException(
          "expected at least two different targets%s, got one"
              .formatted(groups.isEmpty() ? "" : " in group " + groups.get(members.get(0))));
    }
    if (pair == Pair.TWO_IRIS) {
      for (List<Integer> same : targets) {
        if (same.size() < 2) {
          throw new IllegalArgumentException(
              "expected at least two inverted images of each target, target %d has one"
                  .formatted(same.get(0)));
        }
      }
    }
    return targets;
  }

  @Override
  public Score score(List<Answer> answers) {
    Tally tally = Tally.of(answers);
    Interval wilson = Binomial.wilson(tally.correct(), tally.n(), Interval.DEFAULT_CONFIDENCE);
    List<Tally> targets = BlockBootstrap.blocks(answers).values().stream().map(Tally::of).toList();
    boolean apart = targets.size() == tally.n();
    return tally.score(
        tally.correct(),
        apart
            ? wilson
            : BlockBootstrap.interval(targets, Interval.DEFAULT_CONFIDENCE, seed).holding(wilson));
  }
}
