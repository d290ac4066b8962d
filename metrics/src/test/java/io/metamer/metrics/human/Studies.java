package io.metamer.metrics.human;

import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Small studies of made-up images. */
final class Studies {

  static final String PAIRS = "robust, 2AFC";
  static final String GRIDS = "robust, clustering";

  private Studies() {}

  /** Of n targets, with both tasks. */
  static HumanStudy both(int n) {
    return new HumanStudy(
        "Which images look alike?",
        "You will compare images.\n\nYou may stop at any time.",
        List.of(
            new Section(PAIRS, Task.FORCED_CHOICE, pairs(n), Studies::picture),
            new Section(GRIDS, Task.CLUSTERING, grids(n), Studies::picture)),
        Presentation.defaults().withSeed(7));
  }

  static HumanStudy onlyPairs(int n) {
    HumanStudy both = both(n);
    return new HumanStudy(
        both.title(), both.consent(), both.sections().subList(0, 1), both.presentation());
  }

  static List<Trial> pairs(int n) {
    return IntStream.range(0, n)
        .mapToObj(
            i ->
                new Trial(
                    "2afc-" + i,
                    Stimulus.iri(i),
                    i % 2 == 0
                        ? List.of(Stimulus.target(i), Stimulus.seed(i))
                        : List.of(Stimulus.seed(i), Stimulus.target(i)),
                    i % 2,
                    i))
        .toList();
  }

  /** Whole grids of three. */
  static List<Trial> grids(int n) {
    return IntStream.range(0, n / 3 * 3)
        .mapToObj(
            i ->
                new Trial(
                    "clustering-" + i,
                    Stimulus.iri(i),
                    IntStream.range(0, 3).mapToObj(k -> Stimulus.target(i / 3 * 3 + k)).toList(),
                    i % 3,
                    i / 3))
        .toList();
  }

  /** Discs of a size and a gray of their own; IRIs with noise; one seed for all. */
  static BufferedImage picture(Stimulus stimulus) {
    int size = 24;
    BufferedImage picture = new BufferedImage(size, size, BufferedImage.TYPE_BYTE_GRAY);
    boolean seed = stimulus.kind() == Stimulus.Kind.SEED;
    SplittableRandom random = new SplittableRandom(seed ? 1 : 2 + stimulus.index());
    double radius = 4 + 1.5 * (stimulus.index() % 5);
    int gray = 40 + 37 * (stimulus.index() % 6);
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        int noise = random.nextInt(256);
        boolean inside = Math.hypot(x - 11.5, y - 11.5) < radius;
        int level = inside ? gray : 128;
        picture
            .getRaster()
            .setSample(
                x,
                y,
                0,
                switch (stimulus.kind()) {
                  case TARGET -> level;
                  case SEED -> noise;
                  case IRI -> (3 * level + noise) / 4;
                });
      }
    }
    return picture;
  }
}
