package io.metamer.metrics;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.metamer.inversion.InversionResult;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.PerceptualDistance;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;

final class PerceptualObserverTest {

  @Test
  void answers_overSeveralBatches_areThoseOfPairsOneByOne() {
    InversionResult perfect = Inversions.perfect(40);
    try (InversionResult result =
        Inversions.of(
            Inversions.SPEC,
            perfect.targets(),
            perfect.seeds(),
            Inversions.noise(40, 3),
            new double[40])) {
      List<Trial> trials = new Clustering(5).trials(result);
      List<Answer> answers = Inversions.pixels().answer(Stimuli.of(result), trials);
      assertEquals(trials, answers.stream().map(Answer::trial).toList());
      for (Answer answer : answers) {
        int query = answer.trial().query().index();
        for (int k = 0; k < 3; k++) {
          int column = answer.trial().alternatives().get(k).index();
          double expected = result.images().slice(query).distance2(result.targets().slice(column));
          assertClose(expected, answer.distances().get(k), 1e-5, 1e-6);
        }
      }
    }
  }

  @Test
  void observer_takesTheNameOfItsDistance() {
    assertEquals("pixels", Inversions.pixels().name());
  }

  @Test
  void distance_thatIsNaN_isRefusedWithTheTrial() {
    PerceptualDistance broken =
        new PerceptualDistance() {
          @Override
          public String name() {
            return "broken";
          }

          @Override
          public Card card() {
            return new Card("nothing", 0, 1, true, "made up");
          }

          @Override
          public double[] between(INDArray a, INDArray b) {
            double[] nothing = new double[(int) a.size(0)];
            Arrays.fill(nothing, Double.NaN);
            return nothing;
          }

          @Override
          public DifferentiableLoss to(INDArray reference) {
            throw new UnsupportedOperationException();
          }
        };
    try (InversionResult result = Inversions.perfect(2)) {
      Exception e =
          assertThrows(
              ArithmeticException.class,
              () ->
                  new TwoAlternativeForcedChoice().measure(result, new PerceptualObserver(broken)));
      assertEquals("expected finite distances in trial 2afc-0, got [NaN, NaN]", e.getMessage());
    }
  }

  @Test
  void image_withAPixelThatIsNaN_isRefusedAndNotScored() {
    InversionResult perfect = Inversions.perfect(3);
    perfect.images().putScalar(new int[] {1, 0, 0, 0}, Float.NaN);
    try (perfect) {
      Exception e =
          assertThrows(
              ArithmeticException.class,
              () -> new TwoAlternativeForcedChoice().measure(perfect, Inversions.pixels()));
      assertEquals("expected finite distances in trial 2afc-1, got [NaN, NaN]", e.getMessage());
    }
  }
}
