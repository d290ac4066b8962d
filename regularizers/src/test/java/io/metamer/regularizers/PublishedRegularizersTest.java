package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.regularizers.RegularizerLaws.random;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.Regularizer;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

final class PublishedRegularizersTest {

  private static final int[] ALL = {0, 1, 2};
  private static final ImageSpec SPEC = new ImageSpec(3, 6, 7, 0, 1);
  private static final INDArray X = random(SPEC, 1);
  private static final InversionProblem PROBLEM =
      new InversionProblem(SPEC, random(SPEC, 2), random(SPEC, 3));

  @Test
  void combinations_areATenthOfTheReleasedOnes() {
    double tv = value(new TotalVariation(2));
    double blur = value(new Blur(true));
    double l1 = value(new L1(0.5));
    double l6 = value(new LpNorm(6));

    assertReleased(0.0005 * tv + 0.0005 * blur + 0.00005 * l1, "freq");
    assertReleased(0.0005 * tv, "freq_tv");
    assertReleased(0.0005 * blur, "freq_blur");
    assertReleased(0.00005 * l1, "freq_lp");
    assertReleased(0.0005 * tv + 1.0 * l6, "freq_tv_l6");
    assertReleased(0, "reg_free");
  }

  @Test
  void adversarialOnes_haveTheReleasedWeight() {
    SquaredDistance squares = new SquaredDistance("squares");

    assertClose(
        10 * value(new AdversarialRegularizer(squares)),
        value(PublishedRegularizers.adversarial(squares)),
        1e-12,
        0);
    assertClose(
        10 * value(new AdversarialRegularizer(squares, Anchor.SEED)),
        value(PublishedRegularizers.adversarialToSeed(squares)),
        1e-12,
        0);
  }

  @Test
  void combinations_takeTheHeldGradientOfTheBlur() {
    assertClose(
        new Blur(true).bind(PROBLEM).evaluate(X, ALL).gradient().mul(5e-5),
        PublishedRegularizers.freqBlur().bind(PROBLEM).evaluate(X, ALL).gradient(),
        1e-12,
        1e-15);
  }

  @Test
  void unknownName_isRefusedWithTheKnownOnes() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> PublishedRegularizers.named("tv"));

    assertEquals(
        "expected a regularizer of [reg_free, freq, freq_tv, freq_blur, freq_lp, freq_tv_l6], got"
            + " tv",
        refused.getMessage());
  }

  @Test
  void names_areAllKnown() {
    assertEquals(
        List.of("reg_free", "freq", "freq_tv", "freq_blur", "freq_lp", "freq_tv_l6"),
        List.copyOf(PublishedRegularizers.names()));
    PublishedRegularizers.names().forEach(PublishedRegularizers::named);
    assertEquals(Regularizer.none(), PublishedRegularizers.named("reg_free"));
    assertEquals(PublishedRegularizers.freqTvL6(), PublishedRegularizers.named("freq_tv_l6"));
  }

  @Test
  void adversarialOnes_haveTheReleasedNames() {
    SquaredDistance squares = new SquaredDistance("squares");
    assertEquals(
        List.of(
            "adv_alex_finetuned",
            "adv_alex_finetuned_seed",
            "adv_alex_imagenet",
            "adv_alex_imagenet_seed"),
        List.copyOf(PublishedRegularizers.adversarialNames()));
    assertEquals(
        PublishedRegularizers.adversarial(squares),
        PublishedRegularizers.named("adv_alex_finetuned", squares));
    assertEquals(
        PublishedRegularizers.adversarialToSeed(squares),
        PublishedRegularizers.named("adv_alex_finetuned_seed", squares));
    assertEquals(
        new Balanced(new AdversarialRegularizer(squares)),
        PublishedRegularizers.named("adv_alex_imagenet", squares));
    assertEquals(
        PublishedRegularizers.adversarialToSeed(squares),
        PublishedRegularizers.named("adv_alex_imagenet_seed", squares));
    PublishedRegularizers.adversarialNames()
        .forEach(
            name ->
                assertEquals(
                    List.of(squares), PublishedRegularizers.named(name, squares).distances()));
  }

  @Test
  void adversarialName_withoutADistance_orAnotherWithOne_isRefused() {
    assertEquals(
        "expected a perceptual distance for adv_alex_imagenet",
        assertThrows(
                IllegalArgumentException.class,
                () -> PublishedRegularizers.named("adv_alex_imagenet"))
            .getMessage());
    assertEquals(
        "expected an adversarial regularizer of [adv_alex_finetuned, adv_alex_finetuned_seed,"
            + " adv_alex_imagenet, adv_alex_imagenet_seed], got freq",
        assertThrows(
                IllegalArgumentException.class,
                () -> PublishedRegularizers.named("freq", new SquaredDistance("squares")))
            .getMessage());
  }

  private static void assertReleased(double released, String name) {
    assertClose(released / 10, value(PublishedRegularizers.named(name)), 1e-12, 1e-15);
  }

  private static double value(Regularizer regularizer) {
    return regularizer.bind(PROBLEM).evaluate(X, ALL).value()[1];
  }
}
