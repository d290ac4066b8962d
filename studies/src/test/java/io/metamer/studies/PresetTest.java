package io.metamer.studies;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.StepRule;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.StructuralSimilarity;
import io.metamer.regularizers.AdversarialRegularizer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

final class PresetTest {

  private static final ImageSpec UNIT = ImageSpec.rgb(227);

  @Test
  void presets_byName_areThoseOfTheLiterature() {
    assertEquals(
        List.of(
            "nanda2023",
            "nanda2023Released",
            "mahendranVedaldi2015",
            "engstrom2019",
            "feather2023",
            "fast"),
        Preset.names());
    for (String name : Preset.names()) {
      assertEquals(name, Preset.named(name).toString());
      assertFalse(Preset.named(name).description().isBlank());
      assertFalse(Preset.named(name).source().isBlank());
    }
  }

  @Test
  void named_ofAnotherName_isRefusedWithAllNames() {
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> Preset.named("nanda2022"));

    assertEquals(
        "expected a preset among nanda2023, nanda2023Released, mahendranVedaldi2015, engstrom2019,"
            + " feather2023, fast, got \"nanda2022\"",
        refused.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void seeds_areReproducible_andDifferByTheirNumber(Preset preset) {
    ImageSpec images = ImageSpec.rgb(8);

    INDArray seeds = preset.seeds(images, 3, 5);

    assertEquals(seeds, preset.seeds(images, 3, 5));
    assertEquals(preset.seeds(images, 1, 5).slice(0), seeds.slice(0));
    assertNotEquals(seeds, preset.seeds(images, 3, 6));
    boolean shared =
        List.of("nanda2023", "nanda2023Released", "feather2023", "fast").contains("" + preset);
    assertEquals(shared, seeds.slice(0).equals(seeds.slice(2)));
    assertEquals(seeds.slice(2), preset.seeds(images, 2, 1, 5).slice(0));
  }

  @ParameterizedTest
  @EnumSource
  void searches_ofImagesWithOtherBounds_areTheSame(Preset preset) {
    ImageSpec unit = ImageSpec.rgb(8);
    ImageSpec wide = new ImageSpec(3, 8, 8, -1, 3);

    assertClose(preset.seeds(unit, 2, 5).mul(4).sub(1), preset.seeds(wide, 2, 5), 1e-5, 1e-6);
    assertEquals(preset.options(unit).iterations(), preset.options(wide).iterations());
    if (preset.options(unit).step() instanceof StepRule.Normalized step) {
      assertEquals(new StepRule.Normalized(4, step.schedule()), preset.options(wide).step());
    }
    if (preset.options(unit).step() instanceof StepRule.Momentum step) {
      // Gradients shrink as images grow, so the same way takes the square of the rate.
      StepRule.Momentum other = (StepRule.Momentum) preset.options(wide).step();
      assertClose(16 * step.size(), other.size(), 1e-12, 0);
    }
  }

  @Test
  void penaltyOfMahendranVedaldi_ofImagesWithOtherBounds_isTheSame() {
    ImageSpec unit = ImageSpec.rgb(4);
    ImageSpec wide = new ImageSpec(3, 4, 4, -1, 3);
    INDArray x = Preset.NANDA_2023.seeds(unit, 2, 1).castTo(DataType.DOUBLE);
    INDArray y = x.mul(4).sub(1);

    assertClose(penalty(unit, x), penalty(wide, y), 1e-9, 0);
  }

  private static double[] penalty(ImageSpec images, INDArray x) {
    return Preset.MAHENDRAN_VEDALDI_2015
        .options(images)
        .regularizer()
        .bind(new InversionProblem(images, x, x))
        .evaluate(x, new int[] {0, 1})
        .value();
  }

  @Test
  void mahendranVedaldi_ofImagesOfTheirSize_hasTheNumbersOfTheirCode() {
    InversionOptions options = Preset.MAHENDRAN_VEDALDI_2015.options(UNIT);
    double sigma = 2.7098e4 / 255;

    assertClose(0.004 * sigma * sigma, ((StepRule.Momentum) options.step()).size(), 1e-12, 0);
    assertEquals(Keep.LAST, options.keep());
    INDArray seed = Preset.MAHENDRAN_VEDALDI_2015.seeds(UNIT, 1, 3).castTo(DataType.DOUBLE);
    for (int c = 0; c < 3; c++) {
      seed.slice(0).slice(c).subi(new double[] {122.6789, 116.6688, 104.007}[c] / 255);
    }
    assertClose(sigma, seed.norm2Number().doubleValue(), 1e-5, 0);
  }

  @Test
  void mahendranVedaldi_ofGrayImages_hasOneMean() {
    INDArray seeds = Preset.MAHENDRAN_VEDALDI_2015.seeds(ImageSpec.gray(64), 1, 3);

    assertClose(0.449, seeds.meanNumber().doubleValue(), 0, 0.02);
  }

  @Test
  void modelOfTheRelease_showsAdversarialIteratesAsTheyAre() {
    try (RepresentationModel correct = model(Preset.NANDA_2023);
        RepresentationModel released = model(Preset.NANDA_2023_RELEASED)) {
      INDArray x = Published.of("sign").targets();

      assertEquals(correct.represent(x), released.represent(x));
      assertEquals(correct.input(), released.input());
      assertEquals(correct.size(), released.size());
      assertEquals(correct.parts(), released.parts());
      assertNotEquals(correct.id(), released.id());
      assertTrue(released.id().layer().endsWith(", iterates not normalised"));
    }
  }

  @Test
  void modelOfTheRelease_withoutAPerceptualDistance_isTheNetwork() {
    try (RepresentationModel correct = model(Preset.NANDA_2023, Regularizer.none());
        RepresentationModel released = model(Preset.NANDA_2023_RELEASED, Regularizer.none())) {
      assertEquals(correct.id(), released.id());
    }
  }

  /** What the search of the release minimises is another distance than that of its images. */
  @Test
  void distanceOfTheRelease_isThatOfTheImageFound() {
    Published published = Published.of("sign");
    INDArray seeds = Preset.NANDA_2023.seeds(Published.IMAGES, 2, 3);
    InversionOptions options =
        Preset.NANDA_2023_RELEASED.options(Published.IMAGES).withIterations(30);
    try (RepresentationModel model = model(Preset.NANDA_2023_RELEASED);
        InversionResult result = new Inverter(model, options).invert(published.targets(), seeds)) {
      for (int i = 0; i < 2; i++) {
        double distance = result.certificates().get(i).asFound().distance();
        assertEquals(distance, result.outcomes().get(i).distance());
        assertTrue(Math.abs(distance - result.outcomes().get(i).loss()) > 0.1);
      }
    }
  }

  private static RepresentationModel model(Preset preset) {
    return model(preset, new AdversarialRegularizer(new StructuralSimilarity()));
  }

  private static RepresentationModel model(Preset preset, Regularizer regularizer) {
    return preset.model(
        Published.smooth(),
        LayerSelection.of("penultimate"),
        Published.IMAGES,
        Preprocessing.cifar10(),
        regularizer);
  }
}
