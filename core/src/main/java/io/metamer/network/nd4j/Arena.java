package io.metamer.network.nd4j;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory of one compiled network: slots that are taken, shared and given back as it is planned.
 */
final class Arena implements AutoCloseable {

  /** A piece of memory, and how many values are in it now. */
  static final class Slot {
    private final INDArray memory;
    private int users = 1;

    private Slot(INDArray memory) {
      this.memory = memory;
    }

    boolean exclusive() {
      return users == 1;
    }

    Slot share() {
      users++;
      return this;
    }

    /** The start of the slot as an array in row order. */
    INDArray as(long... shape) {
      return Nd4j.create(memory.data(), shape, Nd4j.getStrides(shape, 'c'), 0, 'c');
    }
  }

  private final DataType type;
  private final List<Slot> all = new ArrayList<>();
  private final List<Slot> free = new ArrayList<>();

  Arena(DataType type) {
    this.type = type;
  }

  /** Takes the smallest free slot that is large enough, or a new one. */
  Slot take(long... shape) {
    long length = LongStream.of(shape).reduce(1, Math::multiplyExact);
    @Nullable Slot best = null;
    for (Slot slot : free) {
      if (slot.memory.length() >= length
          && (best == null || slot.memory.length() < best.memory.length())) {
        best = slot;
      }
    }
    if (best == null) {
      return own(shape);
    }
    free.remove(best);
    best.users = 1;
    return best;
  }

  /** A new slot of zeros. */
  Slot own(long... shape) {
    Slot slot = new Slot(Nd4j.create(type, LongStream.of(shape).reduce(1, Math::multiplyExact)));
    all.add(slot);
    return slot;
  }

  /** One value less is in the slot. */
  void release(Slot slot) {
    if (--slot.users == 0) {
      free.add(slot);
    }
  }

  @Override
  public void close() {
    all.forEach(slot -> slot.memory.close());
  }
}
