package io.metamer.inversion;

import io.metamer.image.ImageSpec;
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
   * @param x the iterates, changed in place; the caller projects them afterwards
   * @param loss their losses
   * @param g their gradients, may be overwritten
   * @param gradientNorm the norm of each gradient
   */
  void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n);

  /** Whether the rule found no step that would lower the loss of image k. */
  default boolean isStalled(int k) {
    return false;
  }

  /** Drops the state of all images but some, which keep their order. */
  void keep(int[] which);

  /** The rule bound to iterates of the shape of x. */
  static Descent of(StepRule rule, INDArray x, ImageSpec input) {
    int images = Math.toIntExact(x.size(0));
    if (rule instanceof StepRule.Normalized normalized) {
      return new NormalizedDescent(normalized.size(), new Pace(normalized.schedule(), images));
    }
    if (rule instanceof StepRule.Sign sign) {
      return new SignDescent(sign.size(), new Pace(sign.schedule(), images));
    }
    if (rule instanceof StepRule.Gradient gradient) {
      return new GradientDescent(gradient.size(), new Pace(gradient.schedule(), images));
    }
    if (rule instanceof StepRule.Momentum momentum) {
      return new MomentumDescent(momentum, x);
    }
    if (rule instanceof StepRule.Adam adam) {
      return new AdamDescent(adam, x);
    }
    return new LbfgsDescent((StepRule.Lbfgs) rule, images, input);
  }

  /** One factor for each image of x, to be broadcast over it. */
  private static INDArray perImage(double[] factors, INDArray x) {
    return Nd4j.createFromArray(factors).castTo(x.dataType()).reshape(factors.length, 1, 1, 1);
  }

  private static double[] scaled(double by, double[] factors) {
    double[] scaled = new double[factors.length];
    for (int k = 0; k < factors.length; k++) {
      scaled[k] = by * factors[k];
    }
    return scaled;
  }

  /** {@link StepRule.Normalized}. */
  record NormalizedDescent(double size, Pace pace) implements Descent {

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n) {
      double[] factors = scaled(-size, pace.at(t, n, loss));
      for (int k = 0; k < factors.length; k++) {
        factors[k] /= gradientNorm[k] + StepRule.EPSILON;
      }
      x.addi(g.muli(perImage(factors, x)));
    }

    @Override
    public void keep(int[] which) {
      pace.keep(which);
    }
  }

  /** {@link StepRule.Sign}. */
  record SignDescent(double size, Pace pace) implements Descent {

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n) {
      x.addi(Transforms.sign(g, false).muli(perImage(scaled(-size, pace.at(t, n, loss)), x)));
    }

    @Override
    public void keep(int[] which) {
      pace.keep(which);
    }
  }

  /** {@link StepRule.Gradient}. */
  record GradientDescent(double size, Pace pace) implements Descent {

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n) {
      x.addi(g.muli(perImage(scaled(-size, pace.at(t, n, loss)), x)));
    }

    @Override
    public void keep(int[] which) {
      pace.keep(which);
    }
  }

  /** {@link StepRule.Momentum}: the velocity of each image. */
  final class MomentumDescent implements Descent {

    private final StepRule.Momentum rule;
    private final Pace pace;
    private INDArray velocity;

    MomentumDescent(StepRule.Momentum rule, INDArray x) {
      this.rule = rule;
      pace = new Pace(rule.schedule(), Math.toIntExact(x.size(0)));
      velocity = x.like();
    }

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n) {
      INDArray size = perImage(scaled(-rule.size(), pace.at(t, n, loss)), x);
      velocity.muli(rule.decay()).addi(g.muli(size));
      x.addi(velocity);
    }

    @Override
    public void keep(int[] which) {
      pace.keep(which);
      velocity = Search.slices(velocity, which);
    }
  }

  /**
   * {@link StepRule.Adam}: both moments of each image, and nothing shared, so that images stay
   * independent.
   */
  final class AdamDescent implements Descent {

    private final StepRule.Adam rule;
    private final Pace pace;
    private INDArray first;
    private INDArray second;

    AdamDescent(StepRule.Adam rule, INDArray x) {
      this.rule = rule;
      pace = new Pace(rule.schedule(), Math.toIntExact(x.size(0)));
      first = x.like();
      second = x.like();
    }

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int t, int n) {
      first.muli(rule.beta1()).addi(g.mul(1 - rule.beta1()));
      second.muli(rule.beta2()).addi(g.muli(g).muli(1 - rule.beta2()));
      double[] sizes = pace.at(t, n, loss).clone();
      for (int k = 0; k < sizes.length; k++) {
        sizes[k] = rule.size() * sizes[k] / (1 - Math.pow(rule.beta1(), t + 1));
      }
      INDArray root =
          Transforms.sqrt(second.div(1 - Math.pow(rule.beta2(), t + 1)), false)
              .addi(rule.epsilon());
      x.subi(first.div(root).muli(perImage(sizes, x)));
    }

    @Override
    public void keep(int[] which) {
      pace.keep(which);
      first = Search.slices(first, which);
      second = Search.slices(second, which);
    }
  }
}
