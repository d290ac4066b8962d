package io.metamer.metrics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Random orders, one after the other. The JDK does not promise the generator's numbers; a test
 * holds them, since answers in files belong to the trials that they make.
 */
final class Shuffle {

  private final SplittableRandom random;

  Shuffle(long seed) {
    random = new SplittableRandom(seed);
  }

  /** The same elements in a random order, each as likely (Fisher and Yates, 1938). */
  <T> List<T> of(List<T> list) {
    List<T> shuffled = new ArrayList<>(list);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
  }
}
