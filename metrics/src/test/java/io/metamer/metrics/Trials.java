package io.metamer.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Trials without images, lists of numbers in tables, and lists in another order. */
final class Trials {

  private Trials() {}

  /** As {@link TwoAlternativeForcedChoice} has them. */
  static List<Trial> pairs(int n) {
    return IntStream.range(0, n)
        .mapToObj(
            i -> {
              List<Stimulus> alternatives =
                  i % 2 == 0
                      ? List.of(Stimulus.target(i), Stimulus.seed(i))
                      : List.of(Stimulus.seed(i), Stimulus.target(i));
              return new Trial("2afc-" + i, Stimulus.iri(i), alternatives, i % 2, i);
            })
        .toList();
  }

  /** As {@link Clustering} has them, of n / 3 whole grids, in an order that is not shuffled. */
  static List<Trial> grids(int n) {
    return IntStream.range(0, n)
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

  /** Answers that are right where said. */
  static List<Answer> answers(List<Trial> trials, boolean... right) {
    return IntStream.range(0, right.length)
        .mapToObj(
            i -> {
              Trial trial = trials.get(i);
              int wrong = (trial.correct() + 1) % trial.alternatives().size();
              return Answer.of(trial, right[i] ? trial.correct() : wrong);
            })
        .toList();
  }

  static <T> List<T> shuffled(List<T> list, long seed) {
    List<T> shuffled = new ArrayList<>(list);
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
  }

  static double[] doubles(String list) {
    return Arrays.stream(list.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  static int[] ints(String list) {
    return Arrays.stream(list.split(" ")).mapToInt(Integer::parseInt).toArray();
  }
}
