package io.metamer.studies;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the judges of a study are asked about its images.
 *
 * @param twoAlternatives whether each image looks more like its target or like a seed; not asked
 *     where it is not given
 * @param clustering which of three targets each image looks most like; not asked where it is not
 *     given
 * @param tolerance the relative distance up to which an image counts as matched; that of the search
 *     where it is not given
 * @param everyJudge whether judges are asked too that took part in a search, or are made of the
 *     network that was inverted; otherwise they are held out
 * @see StudyRun#measure
 * @since 0.1
 */
public record ForcedChoices(
    Optional<TwoAlternatives> twoAlternatives,
    Optional<Grids> clustering,
    Optional<Double> tolerance,
    boolean everyJudge) {

  /**
   * Target or seed.
   *
   * @param seed which noise the target stands beside, of the kind that the study starts from; where
   *     it is not given, each image's own seed, as published
   * @param tiesCount whether a tie counts as aligned, as in the code released with Nanda et al.
   *     (2023)
   */
  public record TwoAlternatives(Optional<Long> seed, boolean tiesCount) {}

  /**
   * One target among three.
   *
   * @param triples who stands beside whom
   * @param classes with {@link Triples#LISTED} the classes of each group; otherwise empty
   * @param repetitions how many times, each with other triples, at least 1
   * @param seed of the first repetition; each further one takes the next number
   */
  public record Grids(Triples triples, List<List<String>> classes, int repetitions, long seed) {

    public Grids {
      classes = classes.stream().map(List::copyOf).toList();
      if (repetitions < 1) {
        throw new IllegalArgumentException("repetitions: expected at least 1, got " + repetitions);
      }
      List<String> all = new ArrayList<>();
      classes.forEach(all::addAll);
      if (classes.isEmpty() == (triples == Triples.LISTED)
          || classes.stream().anyMatch(List::isEmpty)
          || all.stream().distinct().count() < all.size()) {
        throw new IllegalArgumentException(
            "triples: expected groups of classes, each class once, got " + classes);
      }
    }

    /** Refuses triples by class where targets have none, or none of a group. */
    void check(List<String> targets) {
      List<String> there = targets.stream().map(ForcedChoices::classOf).distinct().toList();
      if (triples != Triples.RANDOM && there.contains("")) {
        throw new IllegalArgumentException(
            "tests.clustering.triples: expected targets with a class in their names, such as"
                + " 00005_cat, got "
                + targets.stream().filter(name -> classOf(name).isEmpty()).findFirst().orElse(""));
      }
      // A few targets need not have every class.
      for (List<String> group : classes) {
        if (group.stream().noneMatch(there::contains)) {
          throw new IllegalArgumentException(
              "tests.clustering.triples: expected classes of the targets, %s, got %s"
                  .formatted(there, group));
        }
      }
    }

    /** The groups of targets, of which those of one stand beside each other; none for any. */
    List<String> groups(List<String> targets) {
      return switch (triples) {
        case RANDOM -> List.of();
        case SAME_CLASS -> targets.stream().map(ForcedChoices::classOf).toList();
        case LISTED -> targets.stream().map(target -> listed(classOf(target))).toList();
      };
    }

    private String listed(String name) {
      for (int group = 0; group < classes.size(); group++) {
        if (classes.get(group).contains(name)) {
          return "group " + group;
        }
      }
      return "others";
    }
  }

  /** Which targets make a triple. */
  public enum Triples {
    /** Any. */
    RANDOM,
    /** Those of one class: the hardest. */
    SAME_CLASS,
    /** Those of classes that are listed together, such as cat, dog and deer. */
    LISTED
  }

  public ForcedChoices {
    if (twoAlternatives.isEmpty() && clustering.isEmpty()) {
      throw new IllegalArgumentException("expected 2afc, clustering or both, got neither");
    }
    if (tolerance.isPresent() && !(tolerance.get() > 0)) {
      throw new IllegalArgumentException(
          "tolerance: expected a distance above 0, got " + tolerance.get());
    }
  }

  /**
   * Both, as published where that is known: 2AFC against the search's own seed, clustering in one
   * set of random triples. A tie does not count.
   *
   * @return the defaults
   */
  public static ForcedChoices defaults() {
    return new ForcedChoices(
        Optional.of(new TwoAlternatives(Optional.empty(), false)),
        Optional.of(new Grids(Triples.RANDOM, List.of(), 1, 0)),
        Optional.empty(),
        false);
  }

  /** The class in the name of a target, {@code 00005_cat}: what follows the first underscore. */
  static String classOf(String target) {
    int at = target.indexOf('_');
    return at < 0 ? "" : target.substring(at + 1);
  }
}
