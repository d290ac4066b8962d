package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.PerceptualObserver;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.StructuralSimilarity;
import io.metamer.regularizers.TotalVariation;
import java.io.IOException;
import java.nio.file.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Inverts a network of one's own: the whole library in a dozen lines, to copy from.
 *
 * @since 0.1
 */
public final class InvertOwnNetwork {

  private InvertOwnNetwork() {}

  /**
   * Prints how often what the network cannot tell from an image looks like it.
   *
   * @param args an ONNX file of a network that takes 28 x 28 gray images, and a folder of images
   * @throws IOException if one of them cannot be read
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 2) {
      throw new IllegalArgumentException("expected an ONNX file and a folder of images");
    }
    System.out.println(alignment(Path.of(args[0]), Path.of(args[1])));
  }

  static AlignmentReport alignment(Path weights, Path folder) throws IOException {
    ImageSpec spec = ImageSpec.gray(28);
    try (RepresentationModel model =
        OnnxNetwork.load(weights).at("penultimate", spec, Preprocessing.fashionMnist())) {
      INDArray targets = Images.read(Images.files(folder), spec);
      INDArray seeds = Seeds.shared(spec, (int) targets.size(0), 42L);
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(500)
              .withStep(StepRule.normalized(1).withSchedule(Schedule.COSINE))
              .withRegularizer(new TotalVariation(2).times(5e-5));
      try (InversionResult result = new Inverter(model, options).invert(targets, seeds)) {
        return new TwoAlternativeForcedChoice()
            .measure(result, new PerceptualObserver(new StructuralSimilarity()));
      }
    }
  }
}
