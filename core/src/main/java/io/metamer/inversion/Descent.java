package io.metamer.inversion;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A step rule at work: changes the iterates in place, and keeps what the rule remembers of each
 * image.
 */
interface Descent {

  /**
   * Makes step t of n.
   *
   * @param x the iterates, changed in place
   * @param g their gradients, may be overwritten
   * @param gradientNorm the norm of each gradient
   */
  void step(INDArray x, INDArray g, double[] gradientNorm, int t, int n);

  /** Drops the state of all images but some, which keep their order. */
  void keep(int[] which);

  /** The rule bound to iterates of the shape of x. */
  static Descent of(StepRule rule, INDArray x) {
    if (rule instanceof StepRule.Normalized normalized) {
      return new NormalizedDescent(normalized);
    }
    return new AdamDescent((StepRule.Adam) rule, x);
  }

  /** {@link StepRule.Normalized} has no state. */
  record NormalizedDescent(StepRule.Normalized rule) implements Descent {

    @Override
    public void step(INDArray x, INDArray g, double[] gradientNorm, int t, int n) {
      double size = rule.size() * rule.schedule().at(t, n);
      double[] factors = new double[gradientNorm.length];
      for (int k = 0; k < factors.length; k++) {
        factors[k] = -size / (gradientNorm[k] + StepRule.EPSILON);
      }
      INDArray factor =
          Nd4j.createFromArray(factors).castTo(x.dataType()).reshape(factors.length, 1, 1, 1);
      x.addi(g.muli(factor));
    }

    @Override
    public void keep(int[] which) {}
  }

  /**
   * {@link StepRule.Adam}: both moments of each image, and nothing shared, so that images stay
   * independent.
   */
  final class AdamDescent implements Descent {

    private final StepRule.Adam rule;
    private INDArray first;
    private INDArray second;

    AdamDescent(StepRule.Adam rule, INDArray x) {
      this.rule = rule;
      first = x.like();
      second = x.like();
    }

    @Override
    public void step(INDArray x, INDArray g, double[] gradientNorm, int t, int n) {
      first.muli(rule.beta1()).addi(g.mul(1 - rule.beta1()));
      second.muli(rule.beta2()).addi(g.muli(g).muli(1 - rule.beta2()));
      double size = rule.size() * rule.schedule().at(t, n) / (1 - Math.pow(rule.beta1(), t + 1));
      INDArray root =
          Transforms.sqrt(second.div(1 - Math.pow(rule.beta2(), t + 1)), false)
              .addi(rule.epsilon());
      x.subi(first.div(root).muli(size));
    }

    @Override
    public void keep(int[] which) {
      first = Search.slices(first, which);
      second = Search.slices(second, which);
    }
  }
}
