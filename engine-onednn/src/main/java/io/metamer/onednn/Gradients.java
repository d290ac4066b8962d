package io.metamer.onednn;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The gradients of all values while the way back is planned. Where several nodes read a value, what
 * they contribute is added up. Values that do not depend on the network's input have no gradient.
 */
final class Gradients {

  private final Tape tape;
  private final Set<String> varying;
  private final Map<String, Tensor> gradients = new HashMap<>();

  /**
   * @param varying the values that depend on the network's input
   */
  Gradients(Tape tape, Set<String> varying) {
    this.tape = tape;
    this.varying = varying;
  }

  /** Adds to the gradient of a value; takes over one use of the tensor's slot. */
  void contribute(String name, Tensor more) {
    Tensor before = gradients.get(name);
    if (before == null) {
      gradients.put(name, more);
      return;
    }
    Tensor term = tape.in(before.layout(), more);
    Tensor sum =
        before.slot().exclusive()
            ? before
            : term.slot().exclusive() ? term : tape.take(before.shape(), before.layout());
    tape.add(before, term, sum);
    for (Tensor read : List.of(before, more)) {
      if (read.slot() != sum.slot()) {
        read.slot().release();
      }
    }
    gradients.put(name, sum);
  }

  /** The complete gradient of a value that no node computes; none if nothing depends on it. */
  @Nullable Tensor complete(String name) {
    return gradients.get(name);
  }

  /** Plans how one node takes its gradient, which is complete now, to its inputs. */
  void turn(Unit unit, Consumer<Turn> backward) {
    Tensor gradient = Objects.requireNonNull(gradients.remove(unit.name()), unit.name());
    backward.accept(new Turn(unit.inputs(), gradient));
    gradient.slot().release();
  }

  /** One node's part in the way back. */
  final class Turn {

    private final List<String> inputs;
    private final Tensor gradient;

    private Turn(List<String> inputs, Tensor gradient) {
      this.inputs = inputs;
      this.gradient = gradient;
    }

    Tape tape() {
      return tape;
    }

    /** The gradient at the node's output; to be changed only where {@link #changed} gives it. */
    Tensor gradient() {
      return gradient;
    }

    /** Whether an input has a gradient. */
    boolean wants(int input) {
      return varying.contains(inputs.get(input));
    }

    /** Where what is computed from a gradient, element by element, is to be written. */
    Tensor changed(Tensor gradient) {
      return gradient.slot().exclusive()
          ? gradient
          : tape.take(gradient.shape(), gradient.layout());
    }

    /**
     * Gives an input its gradient: one that was computed for it, or that of the output, changed or
     * not. Comes after all steps that read the gradient.
     */
    void give(int input, Tensor given) {
      if (!wants(input)) {
        return;
      }
      if (given.slot() == gradient.slot()) {
        given.slot().share();
      }
      contribute(inputs.get(input), given);
    }
  }
}
