package io.metamer.network.nd4j;

import io.metamer.network.nd4j.Arena.Slot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The gradients of all values while the way back is planned. Where several nodes read a value, the
 * first to come gives its gradient a place and the others add to it. Values that do not depend on
 * the network's input have no gradient.
 */
final class Gradients {

  private final Arena arena;
  private final Tape tape;
  private final Map<String, long[]> shapes;
  private final Set<String> varying;
  private final Map<String, Slot> slots = new HashMap<>();

  /**
   * @param shapes of the values by name, with the batch axis
   * @param varying the values that depend on the network's input
   */
  Gradients(Arena arena, Tape tape, Map<String, long[]> shapes, Set<String> varying) {
    this.arena = arena;
    this.tape = tape;
    this.shapes = shapes;
    this.varying = varying;
  }

  /** A place for the gradient of an output, which the caller fills before the tape runs. */
  INDArray open(String name) {
    Slot fresh = arena.take(shape(name));
    slots.put(name, fresh);
    return fresh.as(shape(name));
  }

  /** The complete gradient of a value that no node computes; zeros if nothing depends on it. */
  INDArray complete(String name) {
    Slot slot = slots.get(name);
    return (slot == null ? arena.own(shape(name)) : slot).as(shape(name));
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

    /** Whether an input has a gradient. */
    boolean wants(int input) {
      return varying.contains(inputs.get(input));
    }

    /** The gradient of an input is that of the output, its elements in row order. */
    void pass(int input) {
      if (wants(input)) {
        contribute(inputs.get(input), slot.share());
      }
    }

    /** The gradient of an input is computed elsewhere than that of the output. */
    void write(int input, Consumer<INDArray> compute) {
      if (wants(input)) {
        String name = inputs.get(input);
        Slot fresh = arena.take(shape(name));
        compute.accept(fresh.as(shape(name)));
        contribute(name, fresh);
      }
    }

    /** The gradient of an input is computed element by element from that of the output. */
    void transform(int input, BiConsumer<INDArray, INDArray> compute) {
      if (wants(input) && slot.exclusive()) {
        compute.accept(output, output);
        pass(input);
      } else {
        write(input, z -> compute.accept(output, z));
      }
    }

    /** The gradient of an input is a part of that of the output. */
    void part(int input, INDArray view) {
      write(input, z -> tape.copy(view, z));
    }

    /** The gradient of a part of an input is that of the output; that of the rest is 0. */
    void place(int input, UnaryOperator<INDArray> part) {
      String name = inputs.get(input);
      Slot before = slots.get(name);
      if (before == null || !before.exclusive()) {
        write(
            input,
            z -> {
              tape.fill(z, 0);
              tape.copy(output, part.apply(z));
            });
        return;
      }
      // Copies, as sums that read or write a view are ten times slower.
      INDArray view = part.apply(before.as(shape(name)));
      tape.scratch(
          output.shape(),
          sum -> {
            tape.copy(view, sum);
            tape.add(sum, output, sum);
            tape.copy(sum, view);
          });
    }
  }
}
