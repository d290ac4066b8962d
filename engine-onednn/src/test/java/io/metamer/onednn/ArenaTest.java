package io.metamer.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where tensors are put that are alive at the same time, or never. */
final class ArenaTest {

  private final Arena arena = new Arena();

  private Tensor take(long length) {
    return arena.take(new long[] {length}, Layouts.plain(length));
  }

  private void step(Tensor... tensors) {
    arena.tick();
    List.of(tensors).forEach(arena::use);
  }

  private static long address(Tensor tensor) {
    return tensor.numbers().get_data_handle().address();
  }

  @Test
  void chain_needsTwoPlaces() {
    List<Tensor> chain = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      chain.add(take(100));
    }
    for (int i = 1; i < 6; i++) {
      step(chain.get(i - 1), chain.get(i));
    }
    arena.allocate();
    for (int i = 2; i < 6; i++) {
      assertEquals(address(chain.get(i - 2)), address(chain.get(i)));
      assertNotEquals(address(chain.get(i - 1)), address(chain.get(i)));
    }
    arena.close();
  }

  @Test
  void tensorsAliveTogether_doNotOverlap_andAreAligned() {
    List<Tensor> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      all.add(take(1 + i * 37L % 101));
    }
    step(all.toArray(Tensor[]::new));
    arena.allocate();
    List<Tensor> inOrder = new ArrayList<>(all);
    inOrder.sort(Comparator.comparingLong(ArenaTest::address));
    long end = 0;
    for (Tensor tensor : inOrder) {
      assertEquals(0, address(tensor) % 64);
      assertTrue(end <= address(tensor), "overlaps");
      end = address(tensor) + Float.BYTES * tensor.shape()[0];
    }
    arena.close();
  }

  @Test
  void whatTheWayBackNeeds_staysAliveToTheEnd() {
    Tensor kept = take(100);
    Tensor passing = take(100);
    step(kept, passing);
    arena.turnBack();
    Tensor first = take(100);
    Tensor second = take(100);
    step(kept, first);
    step(first, second);
    assertTrue(arena.neededBack(kept));
    assertTrue(!arena.neededBack(passing));
    arena.allocate();
    // Going back a second time reads it again.
    assertNotEquals(address(kept), address(second));
    assertTrue(address(passing) == address(first) || address(passing) == address(second));
    arena.close();
  }
}
