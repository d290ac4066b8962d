package io.metamer.inversion;

import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.perceptual.PerceptualDistance;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A weighted sum of penalties; the empty one is no penalty. */
record WeightedSum(List<Term> terms) implements Regularizer {

  static final WeightedSum EMPTY = new WeightedSum(List.of());

  /** One penalty and its weight. */
  record Term(Regularizer penalty, double weight) {}

  static WeightedSum of(Regularizer penalty) {
    return penalty instanceof WeightedSum sum
        ? sum
        : new WeightedSum(List.of(new Term(penalty, 1)));
  }

  WeightedSum scaled(double weight) {
    if (!Double.isFinite(weight)) {
      throw new IllegalArgumentException("expected a finite weight, got " + weight);
    }
    return new WeightedSum(
        terms.stream().map(t -> new Term(t.penalty, weight * t.weight)).toList());
  }

  WeightedSum joined(WeightedSum other) {
    List<Term> all = new ArrayList<>(terms);
    all.addAll(other.terms);
    return new WeightedSum(List.copyOf(all));
  }

  @Override
  public String name() {
    return terms.isEmpty()
        ? "none"
        : terms.stream()
            .map(
                t ->
                    t.weight == 1
                        ? t.penalty.name()
                        : "%s %s".formatted(t.weight, t.penalty.name()))
            .collect(Collectors.joining(" + "));
  }

  @Override
  public List<PerceptualDistance> distances() {
    return terms.stream().flatMap(t -> t.penalty.distances().stream()).toList();
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    List<DifferentiableLoss> losses = terms.stream().map(t -> t.penalty.bind(problem)).toList();
    return (x, rows) -> {
      double[] value = new double[rows.length];
      INDArray gradient = x.ulike().assign(0);
      for (int k = 0; k < losses.size(); k++) {
        double weight = terms.get(k).weight;
        ValueAndGradient term = losses.get(k).evaluate(x, rows);
        for (int i = 0; i < value.length; i++) {
          value[i] += weight * term.value()[i];
        }
        gradient.addi(term.gradient().mul(weight));
      }
      return new ValueAndGradient(value, gradient);
    };
  }
}
