package io.metamer.examples;

import io.metamer.image.Seeds;
import io.metamer.inversion.Curves;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.studies.CurveChart;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Inverts a bundled network with one step rule after the other, and draws how each one went.
 *
 * @since 0.1
 */
public final class CompareSteps {

  private static final Map<String, StepRule> RULES = rules();

  private CompareSteps() {}

  /**
   * Draws the medians of all rules in one chart.
   *
   * @param args the file of the chart (.svg or .png), the number of iterations, and of images
   * @throws IOException if the chart cannot be written
   */
  public static void main(String[] args) throws IOException {
    if (args.length != 3) {
      throw new IllegalArgumentException("expected a file, a number of iterations and of images");
    }
    InversionOptions options =
        InversionOptions.defaults().withIterations(Integer.parseInt(args[1]));
    List<String> images = Bundled.images(Integer.parseInt(args[2]));
    Map<String, Curves> searches = new LinkedHashMap<>();
    try (RepresentationModel model =
        Bundled.network("fashion_resnet_robust")
            .at("penultimate", Bundled.SPEC, Preprocessing.fashionMnist())) {
      INDArray targets = Bundled.read(images, Bundled.SPEC);
      INDArray seeds = Seeds.shared(Bundled.SPEC, images.size(), 42L);
      for (Map.Entry<String, StepRule> rule : RULES.entrySet()) {
        Curves curves = new Curves(200);
        new Inverter(model, options.withStep(rule.getValue()))
            .invert(targets, seeds, curves)
            .close();
        searches.put(rule.getKey(), curves);
      }
    }
    CurveChart.write(searches, Path.of(args[0]));
  }

  private static Map<String, StepRule> rules() {
    Map<String, StepRule> rules = new LinkedHashMap<>();
    rules.put("normalized, 1", StepRule.normalized(1));
    rules.put("normalized, cosine", StepRule.normalized(1).withSchedule(Schedule.COSINE));
    rules.put("sign, 0.01", StepRule.sign(0.01));
    rules.put("momentum, 0.5", StepRule.momentum(0.5));
    rules.put("adam, 0.05", StepRule.adam(0.05));
    rules.put("lbfgs", StepRule.lbfgs());
    return rules;
  }
}
