package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.metamer.contract.DifferentiableLossContract;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.Matching;
import io.metamer.loss.RelativeL2;
import io.metamer.loss.ValueAndGradient;
import io.metamer.network.Cost;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Two layers of one small classifier, and one of another network, as one representation. */
final class JointModelTest implements DifferentiableLossContract {

  private static final ImageSpec IMAGES = ImageSpec.gray(4);
  private static final Class<? extends Exception> ILLEGAL = IllegalArgumentException.class;
  private static final double[] WEIGHTS = {1, 0.5};

  @Override
  public DifferentiableLoss loss() {
    RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()), WEIGHTS);
    int[] sizes = joint.parts().stream().mapToInt(RepresentationModel.Part::size).toArray();
    return joint.pullBack(
        Matching.RELATIVE_L2.toParts(joint.represent(noise(1)), sizes, new double[] {1, 2, 3}));
  }

  @Override
  public INDArray point() {
    return noise(2);
  }

  @Test
  void representation_isThoseOfTheModelsOneAfterTheOther() {
    try (RepresentationModel first = two();
        RepresentationModel second = other();
        RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()), WEIGHTS)) {
      for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
        INDArray x = noise(1).castTo(type);
        INDArray expected = Nd4j.concat(1, first.represent(x), second.represent(x).mul(0.5));
        assertClose(expected, joint.represent(x), 0, 0);
        assertEquals(joint.size(), expected.size(1));
      }
    }
  }

  @Test
  void cost_isThatOfAllModels_andBoundsTheBatch() {
    try (RepresentationModel first = two();
        RepresentationModel second = other();
        RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()), WEIGHTS)) {
      Cost cost = first.cost().orElseThrow().plus(second.cost().orElseThrow());
      assertEquals(cost, joint.cost().orElseThrow());
      InversionOptions options = InversionOptions.defaults().withBatch(8);
      assertEquals(8, options.withBatchWithin(cost.memory(9), joint).batch());
      assertEquals(5, options.withBatchWithin(cost.memory(5), joint).batch());
      assertEquals(1, options.withBatchWithin(0, joint).batch());
    }
  }

  @Test
  void gradient_ofALossThatAddsUp_isTheSumOfTheModelsGradients() {
    int[] rows = {0, 1, 2};
    try (RepresentationModel first = two();
        RepresentationModel second = other();
        RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()))) {
      INDArray goal = first.represent(noise(1));
      INDArray otherGoal = second.represent(noise(1));
      ValueAndGradient one = first.pullBack(new RelativeL2(goal)).evaluate(noise(2), rows);
      ValueAndGradient two = second.pullBack(new RelativeL2(otherGoal)).evaluate(noise(2), rows);
      int[] sizes = {first.size(), second.size()};
      DifferentiableLoss both =
          joint.pullBack(
              Matching.RELATIVE_L2.toParts(joint.represent(noise(1)), sizes, new double[] {1, 1}));
      for (int[] some : new int[][] {rows, rows}) {
        ValueAndGradient mean = both.evaluate(noise(2), some);
        assertClose((one.value()[1] + two.value()[1]) / 2, mean.value()[1], 1e-12, 0);
        assertClose(one.gradient().add(two.gradient()).div(2), mean.gradient(), 1e-12, 1e-15);
      }
    }
  }

  @Test
  void loss_pulledBack_isAskedOnceForEachEvaluation() {
    int[] calls = {0};
    try (RepresentationModel joint = RepresentationModel.joint(List.of(two(), other(), logits()))) {
      DifferentiableLoss relative = new RelativeL2(joint.represent(noise(1)));
      DifferentiableLoss counted =
          joint.pullBack(
              (r, rows) -> {
                calls[0]++;
                return relative.evaluate(r, rows);
              });
      counted.evaluate(noise(2), new int[] {0, 1, 2});
      assertEquals(1, calls[0]);
    }
  }

  @Test
  void parts_nameNetworkAndLayer() {
    try (RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()))) {
      assertEquals(
          List.of(
              new RepresentationModel.Part("small: relu1", 32),
              new RepresentationModel.Part("small: features", 2),
              new RepresentationModel.Part("small: y", 16)),
          joint.parts());
    }
  }

  @Test
  void id_tellsItsModelsAndIsThatOfNoOtherJoint() {
    try (RepresentationModel joint = RepresentationModel.joint(List.of(two(), other()), WEIGHTS);
        RepresentationModel swapped = RepresentationModel.joint(List.of(other(), two()))) {
      assertEquals("small + small", joint.id().name());
      assertEquals("small: \"relu1\", \"features\"; 0.5 * small: y", joint.id().layer());
      assertEquals(64, joint.id().sha256().length());
      assertNotEquals(joint.id().sha256(), swapped.id().sha256());
      assertEquals(Preprocessing.none(), joint.id().preprocessing());
    }
    try (RepresentationModel scaled =
        RepresentationModel.joint(
            List.of(logits(), at(OnnxFile.classifier(), "logits", Preprocessing.raw255())))) {
      assertEquals("small: scores of none; small: scores of 255 x", scaled.id().layer());
      assertEquals(Preprocessing.none(), scaled.id().preprocessing());
    }
  }

  @Test
  void close_closesTheModels() {
    RepresentationModel model = two();
    RepresentationModel.joint(List.of(model, other())).close();
    assertRefused(IllegalStateException.class, () -> model.represent(noise(1)), "closed");
  }

  @Test
  void models_thatCannotBeJoined_areRefused() throws IOException {
    RepresentationModel model = two();
    assertRefused(ILLEGAL, () -> RepresentationModel.joint(List.of()), "at least one model");
    assertRefused(ILLEGAL, () -> RepresentationModel.joint(List.of(model, model)), "each once");
    for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(
          ILLEGAL,
          () -> RepresentationModel.joint(List.of(model, other()), 1, weight),
          "weight above 0");
    }
    assertRefused(ILLEGAL, () -> RepresentationModel.joint(List.of(model), 1, 1), "weight");
    RepresentationModel larger =
        OnnxFile.ofImages(1, 5, 5)
            .node("Relu", "y", "x")
            .output("y")
            .read()
            .at("y", ImageSpec.gray(5), Preprocessing.none());
    assertRefused(
        ILLEGAL, () -> RepresentationModel.joint(List.of(model, larger)), "the same images");
  }

  private static RepresentationModel two() {
    try {
      return OnnxFile.classifier()
          .read()
          .at(LayerSelection.of("relu1").and("features"), IMAGES, Preprocessing.none());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static RepresentationModel logits() {
    return at(OnnxFile.classifier(), "logits", Preprocessing.none());
  }

  private static RepresentationModel other() {
    return at(
        OnnxFile.ofImages(1, 4, 4).node("Sigmoid", "y", "x").output("y"),
        "y",
        Preprocessing.none());
  }

  private static RepresentationModel at(OnnxFile file, String layer, Preprocessing preprocessing) {
    try {
      return file.read().at(layer, IMAGES, preprocessing);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static INDArray noise(long seed) {
    return Nd4j.createFromArray(new Random(seed).doubles(3 * 16, 0.1, 0.9).toArray())
        .reshape(3, 1, 4, 4);
  }
}
