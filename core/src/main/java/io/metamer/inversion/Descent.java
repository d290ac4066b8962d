package io.metamer.inversion;

import java.util.Arrays;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * A step rule at work: changes the iterates in place, and keeps what the rule remembers of each
 * image.
 */
interface Descent {

  /**
   * Makes one step of each image, which is step t[k] of n for image k.
   *
   * @param x the iterates, changed in place; the caller projects them afterwards
   * @param loss their losses
   * @param g their gradients, may be overwritten
   * @param gradientNorm the norm of each gradient
   */
  void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n);

  /** Whether the rule found no step that would lower the loss of image k. */
  default boolean isStalled(int k) {
    return false;
  }

  /**
   * Whether the evaluation of image k that the rule has just been given was a trial, which it made
   * a shorter one of: then a loss that is not finite is no reason to give the image up.
   */
  default boolean triesShorter(int k) {
    return false;
  }

  /**
   * Drops the state of all images but some, which keep their order; new ones follow them, the next
   * in the order of the problem.
   */
  void keep(int[] which, int joining);

  /** The rule bound to iterates of the shape of x, which are those of the first images. */
  static Descent of(StepRule rule, INDArray x, Projection projection) {
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
    return new LbfgsDescent((StepRule.Lbfgs) rule, images, projection);
  }

  /** One factor for each image of x, to be broadcast over it. */
  static INDArray perImage(double[] factors, INDArray x) {
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
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
      double[] factors = scaled(-size, pace.at(t, n, loss));
      for (int k = 0; k < factors.length; k++) {
        factors[k] /= gradientNorm[k] + StepRule.EPSILON;
      }
      x.addi(g.muli(perImage(factors, x)));
    }

    @Override
    public void keep(int[] which, int joining) {
      pace.keep(which, joining);
    }
  }

  /** {@link StepRule.Sign}. */
  record SignDescent(double size, Pace pace) implements Descent {

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
      x.addi(Transforms.sign(g, false).muli(perImage(scaled(-size, pace.at(t, n, loss)), x)));
    }

    @Override
    public void keep(int[] which, int joining) {
      pace.keep(which, joining);
    }
  }

  /** {@link StepRule.Gradient}. */
  record GradientDescent(double size, Pace pace) implements Descent {

    @Override
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
      x.addi(g.muli(perImage(scaled(-size, pace.at(t, n, loss)), x)));
    }

    @Override
    public void keep(int[] which, int joining) {
      pace.keep(which, joining);
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
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
      INDArray size = perImage(scaled(-rule.size(), pace.at(t, n, loss)), x);
      double[] decay = new double[t.length];
      Arrays.setAll(decay, k -> pace.begins(t[k]) ? 0 : rule.decay());
      velocity.muli(perImage(decay, x)).addi(g.muli(size));
      x.addi(velocity);
    }

    @Override
    public void keep(int[] which, int joining) {
      pace.keep(which, joining);
      velocity = Search.regrouped(velocity, which, joining);
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
    public void step(INDArray x, double[] loss, INDArray g, double[] gradientNorm, int[] t, int n) {
      first.muli(rule.beta1()).addi(g.mul(1 - rule.beta1()));
      second.muli(rule.beta2()).addi(g.muli(g).muli(1 - rule.beta2()));
      double[] sizes = pace.at(t, n, loss).clone();
      double[] shares = new double[sizes.length];
      for (int k = 0; k < sizes.length; k++) {
        sizes[k] = rule.size() * sizes[k] / (1 - Math.pow(rule.beta1(), t[k] + 1));
        shares[k] = 1 - Math.pow(rule.beta2(), t[k] + 1);
      }
      INDArray root = Transforms.sqrt(second.div(perImage(shares, x)), false).addi(rule.epsilon());
      x.subi(first.div(root).muli(perImage(sizes, x)));
    }

    @Override
    public void keep(int[] which, int joining) {
      pace.keep(which, joining);
      first = Search.regrouped(first, which, joining);
      second = Search.regrouped(second, which, joining);
    }
  }
}
