package io.metamer.studies;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.image.Coordinates;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.Schedule.Round;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.TeacherForcing;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.LayerSelection;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.regularizers.PublishedRegularizers;
import io.metamer.regularizers.TotalVariation;
import io.metamer.weights.StateDict;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Searches against those of an implementation of their own in PyTorch. */
final class PublishedSearchesTest {

  /** A step from the same image, in float. */
  private static final double OF_A_STEP = 1e-4;

  /** Twenty steps on their own, in double. */
  private static final double OF_A_SEARCH = 1e-8;

  private static final LayerSelection FAKE_RELU = LayerSelection.of("penultimate").withFakeRelu();

  @ParameterizedTest
  @CsvSource({
    "nanda2023, reg_free",
    "nanda2023, freq",
    "nanda2023, freq_tv_l6",
    "nanda2023Released, adversarial",
    "engstrom2019, ",
    "feather2023, ",
    "fast, ",
    "mahendranVedaldi2015, ",
    "sign, ",
    "gradient, ",
    "momentum, ",
    "adam, ",
  })
  void step_fromEachPublishedIterate_isThePublishedOne(String search, String regularizer) {
    Published published = Published.of(file(search, regularizer));
    InversionOptions options = options(search, regularizer);
    try (RepresentationModel model = model(search, options, Published.relu(), FAKE_RELU)) {
      List<INDArray> next =
          TeacherForcing.next(
              model, options, published.targets(), published.teacher().subList(0, Published.STEPS));

      for (int t = 0; t < Published.STEPS; t++) {
        assertClose(published.teacher().get(t + 1), next.get(t), 0, OF_A_STEP);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "nanda2023, reg_free",
    "nanda2023, freq",
    "nanda2023, freq_tv_l6",
    "nanda2023Released, adversarial",
    "engstrom2019, ",
    "feather2023, ",
    "fast, ",
    "mahendranVedaldi2015, ",
    "sign, ",
    "gradient, ",
    "momentum, ",
    "adam, ",
  })
  void search_inDouble_takesThePublishedWay(String search, String regularizer) {
    Published published = Published.of(file(search, regularizer)).inDouble();
    InversionOptions options = options(search, regularizer);
    LayerSelection layers = LayerSelection.of("penultimate");
    List<List<INDArray>> iterates = new ArrayList<>();
    try (RepresentationModel model = model(search, options, Published.smooth(), layers);
        InversionResult result =
            new Inverter(model, options)
                .invert(
                    published.targets(),
                    published.seeds(),
                    at -> iterates.add(List.of(at.image().apply(0), at.image().apply(1))))) {

      assertEquals(Published.STEPS + 1, iterates.size());
      for (int i = 0; i < Published.TIMES.length; i++) {
        INDArray expected = published.free().get(i);
        INDArray actual = Nd4j.stack(0, iterates.get(Published.TIMES[i]).toArray(new INDArray[0]));
        assertClose(expected, actual, 0, OF_A_SEARCH);
      }
      if (options.keep() == Keep.LAST) {
        assertClose(iterates.get(Published.STEPS).get(1), result.images().slice(1), 0, 0);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NANDA_2023", "NANDA_2023_RELEASED"})
  void stepOfFourierCoefficients_fromEachPublishedIterate_isThePublishedOne(Preset preset) {
    Published published = Published.of(preset + ".fft");
    InversionOptions options =
        options(preset.toString(), "reg_free").withParameterization(preset.fourier());
    try (RepresentationModel model =
        model(preset.toString(), options, Published.relu(), FAKE_RELU)) {
      List<INDArray> next =
          TeacherForcing.next(
              model, options, published.targets(), published.teacher().subList(0, Published.STEPS));

      for (int t = 0; t < Published.STEPS; t++) {
        assertClose(published.teacher().get(t + 1), next.get(t), 0, OF_A_STEP);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NANDA_2023", "NANDA_2023_RELEASED"})
  void searchOfFourierCoefficients_inDouble_takesThePublishedWay(Preset preset) {
    Published published = Published.of(preset + ".fft").inDouble();
    InversionOptions options =
        options(preset.toString(), "reg_free").withParameterization(preset.fourier());
    LayerSelection layers = LayerSelection.of("penultimate");
    try (RepresentationModel model =
        model(preset.toString(), options, Published.smooth(), layers)) {
      List<INDArray> z = new ArrayList<>(List.of(published.seeds()));
      for (int t = 0; t < Published.STEPS; t++) {
        // The rule remembers nothing, so each step may be a search of its own.
        z.addAll(TeacherForcing.next(model, options, published.targets(), List.of(z.get(t))));
      }

      for (int i = 0; i < Published.TIMES.length; i++) {
        assertClose(published.free().get(i), z.get(Published.TIMES[i]), 0, OF_A_SEARCH);
      }
    }
  }

  @Test
  void searchOfFourierCoefficients_fromAnImage_seesThePublishedImages() {
    Published published = Published.of("nanda2023.fft").inDouble();
    InversionOptions options =
        options("nanda2023", "reg_free").withParameterization(Preset.NANDA_2023.fourier());
    Coordinates coordinates = options.parameterization().bind(Published.IMAGES, DataType.DOUBLE);
    List<List<INDArray>> iterates = new ArrayList<>();
    try (RepresentationModel model =
            model("nanda2023", options, Published.smooth(), LayerSelection.of("penultimate"));
        InversionResult result =
            new Inverter(model, options)
                .invert(
                    published.targets(),
                    coordinates.images(published.seeds()),
                    at -> iterates.add(List.of(at.image().apply(0), at.image().apply(1))))) {
      for (int i = 0; i < Published.TIMES.length; i++) {
        INDArray actual = Nd4j.stack(0, iterates.get(Published.TIMES[i]).toArray(new INDArray[0]));
        assertClose(coordinates.images(published.free().get(i)), actual, 0, OF_A_SEARCH);
      }
      assertEquals(2, result.size());
    }
  }

  @Test
  void lbfgs_ofABoundedConvexProblem_endsAtTheMinimumOfScipy() {
    StateDict scipy = Published.arrays("lbfgs");
    ImageSpec images = ImageSpec.rgb(4);
    InversionOptions options =
        InversionOptions.defaults()
            .withStep(StepRule.lbfgs())
            .withRegularizer(new TotalVariation(2).times(0.03))
            .withIterations(1_000);
    INDArray targets = scipy.tensor("targets", 1, 3, 4, 4).castTo(DataType.DOUBLE);
    try (RepresentationModel model =
            Published.network("linear.onnx").at("penultimate", images, Preprocessing.none());
        InversionResult result =
            new Inverter(model, options).invert(targets, targets.mul(0).add(0.5))) {
      assertClose(scipy.tensor("loss", 1).getDouble(0), result.outcomes().get(0).loss(), 1e-9, 0);
      assertClose(scipy.tensor("solution", 1, 3, 4, 4), result.images(), 0, 1e-5);
    }
  }

  private static String file(String search, String regularizer) {
    return regularizer == null ? search : search + "." + regularizer;
  }

  /** The preset, in as few steps as were published for comparison; or a rule alone. */
  private static InversionOptions options(String search, String regularizer) {
    InversionOptions alone = InversionOptions.defaults().withKeep(Keep.LAST);
    InversionOptions options =
        switch (search) {
          case "sign" -> alone.withStep(StepRule.sign(0.02));
          case "gradient" -> alone.withStep(StepRule.gradient(0.5));
          case "momentum" -> alone.withStep(StepRule.momentum(0.5));
          case "adam" -> alone.withStep(StepRule.adam(0.05));
          default -> Preset.named(search).options(Published.IMAGES);
        };
    if (regularizer != null) {
      options =
          options.withRegularizer(
              regularizer.equals("adversarial")
                  ? PublishedRegularizers.adversarial(new MeanSquare())
                  : PublishedRegularizers.named(regularizer));
    }
    Schedule shorter =
        switch (search) {
          case "feather2023" -> Schedule.halving(4);
          case "fast" -> Schedule.COSINE;
          case "mahendranVedaldi2015" ->
              Schedule.rounds(new Round(8, 1), new Round(7, 0.1), new Round(5, 0.01));
          default -> Schedule.CONSTANT;
        };
    return options.withStep(options.step().withSchedule(shorter)).withIterations(Published.STEPS);
  }

  private static RepresentationModel model(
      String search, InversionOptions options, Network network, LayerSelection layers) {
    Preset preset = Preset.names().contains(search) ? Preset.named(search) : Preset.NANDA_2023;
    return preset.model(
        network, layers, Published.IMAGES, Published.PREPROCESSING, options.regularizer());
  }

  /** In place of LPIPS: the mean of the squared differences. */
  private record MeanSquare() implements PerceptualDistance {

    @Override
    public String name() {
      return "mean square";
    }

    @Override
    public Card card() {
      return new Card("mean square", 1, 1, true, "made up");
    }

    @Override
    public DifferentiableLoss to(INDArray reference) {
      INDArray goal = reference.dup('c').reshape(reference.size(0), -1);
      return (x, rows) -> {
        INDArray difference = x.sub(Nd4j.pullRows(goal, 1, rows).reshape(x.shape()));
        double[] value = difference.mul(difference).mean(1, 2, 3).toDoubleVector();
        return new ValueAndGradient(value, difference.mul(2.0 * rows.length / x.length()));
      };
    }
  }
}
