package io.metamer.inversion;

import io.metamer.image.Coordinates;
import io.metamer.image.ImageSpec;
import io.metamer.image.Parameterization;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.RepresentationModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Steps of a search from iterates that are given, as by another implementation, rather than from
 * its own: differences do not add up. What a rule remembers, it remembers of the given iterates.
 */
public final class TeacherForcing {

  private TeacherForcing() {}

  /**
   * Where a search would go from each iterate.
   *
   * @param model the model to invert
   * @param options how to search
   * @param targets shape {@code [N, C, H, W]}
   * @param iterates the seeds, unclipped, and what followed them; each of N images, as coordinates
   * @return one for each iterate
   */
  public static List<INDArray> next(
      RepresentationModel model,
      InversionOptions options,
      INDArray targets,
      List<INDArray> iterates) {
    ImageSpec input = model.input();
    Coordinates coordinates = options.parameterization().bind(input, targets.dataType());
    INDArray seeds = input.clip(coordinates.images(iterates.get(0)));
    InversionProblem problem = new InversionProblem(input, targets, seeds);
    Projection projection =
        options.parameterization() == Parameterization.PIXELS
            ? Projection.of(options.constraint(), problem)
            : Projection.of(coordinates);
    Match match = new Match(model, options, model.represent(targets));
    DifferentiableLoss penalty = options.regularizer().bind(problem);
    Descent descent = Descent.of(options.step(), iterates.get(0), projection);
    int[] rows = IntStream.range(0, Math.toIntExact(targets.size(0))).toArray();
    int[] t = new int[rows.length];
    List<INDArray> next = new ArrayList<>();
    for (INDArray iterate : iterates) {
      INDArray z = iterate.dup('c');
      INDArray x = coordinates.images(z);
      ValueAndGradient m = match.evaluate(x, rows, t);
      ValueAndGradient p = penalty.evaluate(x, rows);
      double[] loss = IntStream.of(rows).mapToDouble(k -> m.value()[k] + p.value()[k]).toArray();
      INDArray g = coordinates.pullBack(z, m.gradient().add(p.gradient()));
      descent.step(z, loss, g, g.norm2(1, 2, 3).toDoubleVector(), t, options.iterations());
      next.add(projection.project(z, rows));
      Arrays.setAll(t, k -> t[k] + 1);
    }
    return next;
  }
}
