package io.metamer.network.nd4j;

import io.metamer.network.nd4j.Arena.Slot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of all values while the way back is planned. Where several nodes read a value, the
 * first to come gives its gradient a place and the others add to it.
 */
final class Gradients {

  private final Arena arena;
  private final Tape tape;
  private final Map<String, long[]> shapes;
  private final Map<String, Slot> slots = new HashMap<>();

  /**
   * @param shapes of the values by name, with the batch axis
   */
  Gradients(Arena arena, Tape tape, Map<String, long[]> shapes) {
    this.arena = arena;
    this.tape = tape;
    this.shapes = shapes;
  }

  /** A place for the gradient of an output, which the caller fills before the tape runs. */
  INDArray open(String name) {
    Slot fresh = arena.take(shape(name));
    slots.put(name, fresh);
    return fresh.as(shape(name));
  }

  /** The complete gradient of a value that no node computes. */
  INDArray complete(String name) {
    return Objects.requireNonNull(slots.get(name), name).as(shape(name));
  }

  /** Plans how one node takes its gradient, which is complete now, to its inputs. */
  void turn(String name, List<String> inputs, Consumer<Turn> backward) {
    Slot slot = Objects.requireNonNull(slots.remove(name), name);
    backward.accept(new Turn(inputs, slot, slot.as(shape(name))));
    arena.release(slot);
  }

  private long[] shape(String name) {
    return Objects.requireNonNull(shapes.get(name), name);
  }

  /** Adds to the gradient of a value; takes over one use of the slot. */
  private void contribute(String name, Slot more) {
    Slot before = slots.get(name);
    if (before == null) {
      slots.put(name, more);
      return;
    }
    Slot sum = before.exclusive() ? before : more.exclusive() ? more : arena.take(shape(name));
    tape.add(before.as(shape(name)), more.as(shape(name)), sum.as(shape(name)));
    for (Slot term : List.of(before, more)) {
      if (term != sum) {
        arena.release(term);
      }
    }
    slots.put(name, sum);
  }

  /** One node's part in the way back. */
  final class Turn {

    private final List<String> inputs;
    private final Slot slot;
    private final INDArray output;

    private Turn(List<String> inputs, Slot slot, INDArray output) {
      this.inputs = inputs;
      this.slot = slot;
      this.output = output;
    }

    Tape tape() {
      return tape;
    }

    /** The gradient at the node's output; not to be changed but by {@link #transform}. */
    INDArray output() {
      return output;
    }

    /** The gradient of an input is that of the output, its elements in row order. */
    void pass(int input) {
      contribute(inputs.get(input), slot.share());
    }

    /** The gradient of an input is computed elsewhere than that of the output. */
    void write(int input, Consumer<INDArray> compute) {
      String name = inputs.get(input);
      Slot fresh = arena.take(shape(name));
      compute.accept(fresh.as(shape(name)));
      contribute(name, fresh);
    }

    /** The gradient of an input is computed element by element from that of the output. */
    void transform(int input, BiConsumer<INDArray, INDArray> compute) {
      if (slot.exclusive()) {
        compute.accept(output, output);
        pass(input);
      } else {
        write(input, z -> compute.accept(output, z));
      }
    }

    /** The gradient of an input is a part of that of the output. */
    void part(int input, INDArray view) {
      String name = inputs.get(input);
      Slot before = slots.get(name);
      if (before == null) {
        write(input, z -> tape.copy(view, z));
        return;
      }
      Slot sum = before.exclusive() ? before : arena.take(shape(name));
      tape.add(before.as(shape(name)), view, sum.as(shape(name)));
      if (sum != before) {
        arena.release(before);
        slots.put(name, sum);
      }
    }

    /** Memory that others may use after this turn. */
    void scratch(long[] shape, Consumer<INDArray> use) {
      Slot scratch = arena.take(shape);
      use.accept(scratch.as(shape));
      arena.release(scratch);
    }

    /** Memory that nobody else uses, zero where the node does not write. */
    INDArray zeros(long... shape) {
      return arena.own(shape).as(shape);
    }
  }
}
