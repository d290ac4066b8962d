package io.metamer.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class ShuffleTest {

  /** Held, since trials in files depend on it: what OpenJDK 17 gives. */
  @Test
  void orders_areTheSameOnEveryMachine() {
    Shuffle shuffle = new Shuffle(42);
    List<Integer> list = IntStream.range(0, 8).boxed().toList();
    assertEquals(List.of(1, 0, 4, 7, 2, 3, 5, 6), shuffle.of(list));
    assertEquals(List.of(4, 1, 3, 2, 5, 0, 7, 6), shuffle.of(list));
  }
}
