package io.metamer.regularizers;

import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How far an image is from its own blur: {@code sum (x - blur(x))^2 / 2}.
 *
 * <p>The blur is a mean over 3 x 3 pixels in which the middle one counts twice; at the border it is
 * that of the pixels that are there.
 *
 * @param held whether the gradient holds the blurred image fixed, as published: {@code x -
 *     blur(x)}, with which a step of descent blurs the image, but which is not the gradient of the
 *     value; otherwise it is
 * @see "Nanda et al. (2023), released code; from blur_input_each_step of Lucid (Olah et al., 2017)"
 * @since 0.1
 */
public record Blur(boolean held) implements Regularizer {

  @Override
  public String name() {
    return held ? "Blur" : "Blur(exact)";
  }

  @Override
  public DifferentiableLoss bind(InversionProblem problem) {
    INDArray mass;
    try (MemoryWorkspace ws = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      INDArray ones = Nd4j.ones(problem.targets().dataType(), problem.input().shape(1));
      mass = weightedSum(ones);
    }
    return (x, rows) -> {
      INDArray difference = x.sub(weightedSum(x).divi(mass));
      double[] value = Numbers.sums(difference.mul(difference));
      for (int i = 0; i < value.length; i++) {
        value[i] /= 2;
      }
      return new ValueAndGradient(
          value, held ? difference : difference.sub(weightedSum(difference.div(mass))));
    };
  }

  /** The sum over 3 x 3 pixels, the middle one twice; symmetric, so its own transpose. */
  private static INDArray weightedSum(INDArray x) {
    INDArray across = x.dup('c');
    if (x.size(3) > 1) {
      Neighbours.right(across).addi(Neighbours.left(x));
      Neighbours.left(across).addi(Neighbours.right(x));
    }
    INDArray sum = across.add(x);
    if (x.size(2) > 1) {
      Neighbours.below(sum).addi(Neighbours.above(across));
      Neighbours.above(sum).addi(Neighbours.below(across));
    }
    return sum;
  }
}
