package io.metamer.onednn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory of one compiled network. While it is planned, each slot learns the first and the last
 * step that uses it; then all are laid into one block, those that are never alive together in the
 * same place.
 *
 * <p>What the way forward leaves for the way back stays alive, so that the way back can be gone
 * again.
 */
final class Arena implements AutoCloseable {

  /** The size of a cache line, and of the largest register. */
  private static final long ALIGNMENT = 64;

  /** A piece of memory. */
  static final class Slot {
    private final long size;
    private final List<Part> parts = new ArrayList<>();
    private final boolean owned;
    private @Nullable INDArray array;
    private @Nullable BytePointer start;
    private int first = Integer.MAX_VALUE;
    private int last = -1;
    private int users = 1;
    private long offset;

    private Slot(long size, boolean owned) {
      this.size = size;
      this.owned = owned;
    }

    /** Whether a single value is in it, that may be overwritten. */
    boolean exclusive() {
      return owned && array == null && users == 1;
    }

    void share() {
      users++;
    }

    void release() {
      users--;
    }

    Tensor tensor(long[] shape, memory.desc layout, long offset) {
      memory numbers = new memory(layout, Library.instance().engine(), (Pointer) null);
      parts.add(new Part(numbers, offset));
      if (start != null) {
        numbers.set_data_handle(start.getPointer(offset));
      }
      return new Tensor(shape, layout, this, offset, numbers);
    }

    /** Says where it is. */
    void bind(Pointer start) {
      BytePointer bytes = new BytePointer(start);
      this.start = bytes;
      parts.forEach(part -> part.numbers.set_data_handle(bytes.getPointer(part.offset)));
    }

    boolean usedAtOrAfter(int step) {
      return last >= step;
    }
  }

  /** A handle on the bytes of a slot from an offset on. */
  private record Part(memory numbers, long offset) {}

  private final List<Slot> slots = new ArrayList<>();
  private final List<INDArray> arrays = new ArrayList<>();
  private int step;
  private int turn = Integer.MAX_VALUE;
  private @Nullable memory block;

  /** A new tensor whose place is found in the end. */
  Tensor take(long[] shape, memory.desc layout) {
    Slot slot = new Slot(layout.get_size(), true);
    slots.add(slot);
    return slot.tensor(shape, layout, 0);
  }

  /** A tensor that lies in an array, float in row order. */
  static Tensor in(INDArray array, long... shape) {
    Slot slot = new Slot(0, true);
    slot.array = array;
    Tensor tensor = slot.tensor(shape, Layouts.plain(shape), 0);
    slot.bind(address(array));
    return tensor;
  }

  /** A tensor whose place is told before each run. */
  static Tensor foreign(long[] shape) {
    return new Slot(0, false).tensor(shape, Layouts.plain(shape), 0);
  }

  /**
   * A tensor on memory that is there already, and that nobody writes.
   *
   * @param owner the array whose memory it is, to live as long as the tensor; none if the memory is
   *     the library's
   */
  static Tensor constant(
      long[] shape, memory.desc layout, memory numbers, @Nullable INDArray owner) {
    Slot slot = new Slot(0, false);
    slot.array = owner;
    return new Tensor(shape, layout, slot, 0, numbers);
  }

  /** Puts a plain tensor into an array of its own; none if that is not possible. */
  @Nullable INDArray moveToArray(Tensor tensor) {
    Slot slot = tensor.slot();
    if (!slot.owned || slot.array != null || !tensor.plain() || slot.size != size(tensor)) {
      return null;
    }
    slot.array = Nd4j.create(DataType.FLOAT, tensor.shape());
    return slot.array;
  }

  private static long size(Tensor tensor) {
    return tensor.layout().get_size();
  }

  /** One more step begins. */
  void tick() {
    step++;
  }

  /** From here on steps are on the way back. */
  void turnBack() {
    turn = step + 1;
  }

  /** The step under way uses a tensor. */
  void use(Tensor tensor) {
    Slot slot = tensor.slot();
    slot.first = Math.min(slot.first, step);
    slot.last = Math.max(slot.last, step);
  }

  /** Whether the way back uses a tensor. */
  boolean neededBack(Tensor tensor) {
    return tensor.slot().usedAtOrAfter(turn);
  }

  /** Finds places for all slots, and takes the memory. */
  void allocate() {
    List<Slot> placed = new ArrayList<>();
    long end = 0;
    List<Slot> largestFirst = new ArrayList<>(slots);
    largestFirst.sort(Comparator.comparingLong((Slot slot) -> slot.size).reversed());
    for (Slot slot : largestFirst) {
      if (slot.array == null) {
        slot.offset = place(slot, placed);
        placed.add(slot);
        placed.sort(Comparator.comparingLong(s -> s.offset));
        end = Math.max(end, slot.offset + slot.size);
      }
    }
    memory.desc bytes =
        new memory.desc(
            new LongPointer(new long[] {end + ALIGNMENT}),
            memory.data_type.u8,
            new LongPointer(new long[] {1}));
    block = new memory(bytes, Library.instance().engine());
    BytePointer start = new BytePointer(block.get_data_handle());
    long skip = (ALIGNMENT - start.address() % ALIGNMENT) % ALIGNMENT;
    for (Slot slot : slots) {
      slot.bind(slot.array == null ? start.getPointer(skip + slot.offset) : address(slot.array));
    }
  }

  /** The lowest offset at which nothing lies that is alive at the same time. */
  private long place(Slot slot, List<Slot> placed) {
    long offset = 0;
    for (Slot other : placed) {
      boolean meets = other.first <= last(slot) && slot.first <= last(other);
      if (meets && other.offset < offset + slot.size && offset < other.offset + other.size) {
        offset = (other.offset + other.size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
      }
    }
    return offset;
  }

  private int last(Slot slot) {
    return slot.first < turn && slot.last >= turn ? Integer.MAX_VALUE : slot.last;
  }

  /** The first element of an array. */
  static Pointer address(INDArray array) {
    return new BytePointer(array.data().addressPointer());
  }

  /** An array that lives as long as this. */
  INDArray array(long... shape) {
    INDArray array = Nd4j.create(DataType.FLOAT, shape);
    arrays.add(array);
    return array;
  }

  @Override
  public void close() {
    arrays.forEach(INDArray::close);
    slots.forEach(
        slot -> {
          if (slot.array != null) {
            slot.array.close();
          }
        });
    if (block != null) {
      block.close();
    }
  }
}
