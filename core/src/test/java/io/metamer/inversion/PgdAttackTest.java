package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.AttackOutcome.Adversarial;
import io.metamer.loss.ClassificationLoss;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.ModelId;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Predictions;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

final class PgdAttackTest {

  private static final ImageSpec SPEC = new ImageSpec(1, 3, 4, 0, 1);
  private static final int PIXELS = 12;

  /**
   * How near to the critical radius, as a share of it, an attack has to tell on which side it is.
   */
  private static final double SLACK = 0.01;

  // A linear classifier, whose critical radii are known.

  @ParameterizedTest
  @EnumSource
  void linearClassifier_fallsExactlyBeyondTheDistanceOfItsBoundary(Constraint.Norm norm) {
    SplittableRandom random = new SplittableRandom(5);
    int cut = 0;
    for (int i = 0; i < 16; i++) {
      double[] w = random.doubles(PIXELS, -1, 1).toArray();
      // Every second image has many pixels near their bounds, which then stop the attack.
      double edge = i % 2 == 0 ? 0.45 : 0;
      double[] x = random.doubles(PIXELS, edge, 1 - edge).toArray();
      if (dot(w, x) < 0) {
        w = Arrays.stream(w).map(v -> -v).toArray();
      }
      double critical = criticalRadius(norm, w, x);
      if (Double.isInfinite(critical)) {
        continue;
      }
      double withoutBounds = dot(w, x) / (norm == Constraint.Norm.L2 ? l2(w) : l1(w));
      cut += critical > 1.001 * withoutBounds ? 1 : 0;
      assertTrue(critical >= withoutBounds * (1 - 1e-9));
      for (ClassificationLoss loss :
          List.of(ClassificationLoss.CROSS_ENTROPY, ClassificationLoss.MARGIN)) {
        assertFalse(isFooled(norm, critical * (1 - SLACK), w, x, loss), "image " + i);
        assertTrue(isFooled(norm, critical * (1 + SLACK), w, x, loss), "image " + i);
      }
    }
    assertTrue(cut >= 4, "images whose bounds matter: " + cut);
  }

  private static boolean isFooled(
      Constraint.Norm norm, double epsilon, double[] w, double[] x, ClassificationLoss loss) {
    // Of a linear function, projected steps of any length come to rest at the lowest point only.
    StepRule step =
        norm == Constraint.Norm.L2
            ? StepRule.normalized(0.1 * epsilon)
            : StepRule.sign(0.1 * epsilon);
    PgdAttack attack = attack(norm, epsilon, 60).withStep(step).withLoss(loss);
    INDArray image = image(x);
    AttackResult result = attack.perturb(linear(w), image, new int[] {0});
    AttackOutcome outcome = result.outcomes().get(0);
    assertTrue(outcome.correct());
    assertFalse(outcome.blind());
    if (outcome.robust()) {
      assertEquals(image, result.images());
      return false;
    }
    Adversarial found = outcome.adversarial().orElseThrow();
    assertTrue(found.distance() <= epsilon * (1 + 1e-9), "distance " + found.distance());
    assertTrue(dot(w, result.images().dup().reshape(PIXELS).toDoubleVector()) <= 0);
    assertEquals(SPEC.clip(result.images()), result.images());
    return true;
  }

  /**
   * The smallest radius of a ball that, with the bounds, reaches w x' = 0. In the maximum norm the
   * lowest point of the ball has each pixel as far against w as it may; in the Euclidean one it is
   * clip(x - tau w) for some tau (the conditions of Karush, Kuhn and Tucker). By bisection.
   */
  private static double criticalRadius(Constraint.Norm norm, double[] w, double[] x) {
    double low = 0;
    double high = 1e6;
    if (dot(w, lowest(norm, w, x, high)) > 0) {
      return Double.POSITIVE_INFINITY;
    }
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      if (dot(w, lowest(norm, w, x, middle)) > 0) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double[] way = lowest(norm, w, x, high);
    Arrays.setAll(way, j -> way[j] - x[j]);
    return norm == Constraint.Norm.L2
        ? l2(way)
        : Arrays.stream(way).map(Math::abs).max().orElseThrow();
  }

  private static double[] lowest(Constraint.Norm norm, double[] w, double[] x, double by) {
    double[] lowest = new double[x.length];
    Arrays.setAll(
        lowest,
        j ->
            Math.max(
                0,
                Math.min(1, x[j] - by * (norm == Constraint.Norm.L2 ? w[j] : Math.signum(w[j])))));
    return lowest;
  }

  /** In float, the cross-entropy of logits 300 apart has a gradient of 0. */
  @ParameterizedTest
  @EnumSource
  void sureClassifier_inFloat_fallsAsAnUnsureOneDoes(Constraint.Norm norm) {
    double[] w = new double[PIXELS];
    Arrays.fill(w, 0, 4, 1);
    Arrays.fill(w, 4, PIXELS, -0.25);
    double[] x = new double[PIXELS];
    Arrays.fill(x, 0.5);
    x[0] = 0.9;
    double[] sure = Arrays.stream(w).map(v -> 300 / dot(w, x) * v).toArray();
    double epsilon = 1.1 * dot(w, x) / (norm == Constraint.Norm.L2 ? l2(w) : l1(w));
    AttackResult result =
        attack(norm, epsilon, 20)
            .fromImages()
            .perturb(linear(sure), image(x).castTo(DataType.FLOAT), new int[] {0});
    assertFalse(result.outcomes().get(0).robust());
    assertFalse(result.outcomes().get(0).blind());
    assertEquals(DataType.FLOAT, result.images().dataType());
  }

  // A network, against PyTorch.

  @Test
  void network_fallsInTheStepsAndToTheImagesOfPyTorch() throws IOException {
    JsonNode expected = new ObjectMapper().readTree(golden("expected.json").toFile());
    INDArray images = Nd4j.createFromNpyFile(golden("images.npy").toFile());
    INDArray adversarial = Nd4j.createFromNpyFile(golden("adversarial.npy").toFile());
    int[] labels = ints(expected.get("labels"));
    int fallen = 0;
    try (RepresentationModel network = network()) {
      for (int c = 0; c < expected.get("cases").size(); c++) {
        JsonNode one = expected.get("cases").get(c);
        Constraint.Norm norm =
            one.get("norm").asText().equals("l2") ? Constraint.Norm.L2 : Constraint.Norm.LINF;
        PgdAttack attack =
            attack(norm, one.get("epsilon").asDouble(), expected.get("iterations").asInt())
                .withLoss(ClassificationLoss.valueOf(one.get("loss").asText()))
                .fromImages()
                .withBatch(4);
        AttackResult result = attack.perturb(network, images, labels);
        int[] steps =
            result.outcomes().stream()
                .mapToInt(o -> o.adversarial().map(Adversarial::step).orElse(-1))
                .toArray();
        assertEquals(
            Arrays.toString(ints(one.get("steps"))), Arrays.toString(steps), attack.toString());
        assertClose(adversarial.slice(c), result.images(), 1e-9, 1e-9);
        fallen += (int) Arrays.stream(steps).filter(t -> t > 0).count();
      }
    }
    assertTrue(fallen >= 20, "fallen: " + fallen);
  }

  @Test
  void outcome_dependsOnSeedAndNumber_notOnOthersNorTheBatch() {
    try (RepresentationModel network = network()) {
      INDArray images = noise(12);
      int[] labels = labels(network, images);
      PgdAttack attack = PgdAttack.linf(0.12, 6).withRestarts(3, 42);
      AttackResult together = attack.perturb(network, images, labels);
      assertEquals(together.outcomes(), attack.perturb(network, images, labels).outcomes());
      List<AttackOutcome> apart = attack.withBatch(1).perturb(network, images, labels).outcomes();
      for (int i = 0; i < labels.length; i++) {
        Adversarial a = together.outcomes().get(i).adversarial().orElse(null);
        Adversarial b = apart.get(i).adversarial().orElse(null);
        assertEquals(a == null, b == null, "image " + i);
        if (a != null && b != null) {
          assertEquals(a.step(), b.step());
          assertEquals(a.restart(), b.restart());
          assertClose(a.distance(), b.distance(), 1e-9, 0);
        }
      }
      AttackResult other = attack.withRestarts(3, 43).perturb(network, images, labels);
      assertFalse(other.images().equals(together.images()));
    }
  }

  @Test
  void moreRestarts_keepWhatFewerFound_andFindMore() {
    try (RepresentationModel network = network()) {
      INDArray images = noise(40);
      int[] labels = labels(network, images);
      // One short step: whether it arrives is a matter of where it starts.
      PgdAttack once = PgdAttack.linf(0.1, 1).withStep(StepRule.sign(0.04));
      List<AttackOutcome> one = once.perturb(network, images, labels).outcomes();
      List<AttackOutcome> ten =
          once.withRestarts(10, 0).perturb(network, images, labels).outcomes();
      for (int i = 0; i < labels.length; i++) {
        if (!one.get(i).robust()) {
          assertEquals(one.get(i), ten.get(i));
        }
      }
      assertTrue(robust(ten) < robust(one), robust(ten) + " of " + robust(one));
      assertTrue(
          ten.stream().anyMatch(o -> o.adversarial().map(Adversarial::restart).orElse(0) > 0));
    }
  }

  @Test
  void adversarialExamples_areWrongInTheBallAndInBounds() {
    try (RepresentationModel network = network()) {
      INDArray images = noise(20).castTo(DataType.FLOAT);
      int[] labels = labels(network, images);
      labels[3] = (labels[3] + 1) % 5;
      for (PgdAttack attack : List.of(PgdAttack.l2(0.5, 10), PgdAttack.linf(0.12, 10))) {
        AttackResult result = attack.perturb(network, images, labels);
        List<OptionalInt> seen = Predictions.of(network.represent(result.images()));
        int found = 0;
        for (int i = 0; i < labels.length; i++) {
          AttackOutcome outcome = result.outcomes().get(i);
          assertEquals(i != 3, outcome.correct());
          if (outcome.adversarial().isPresent()) {
            found++;
            Adversarial adversarial = outcome.adversarial().get();
            assertEquals(seen.get(i), adversarial.predicted());
            assertTrue(seen.get(i).orElseThrow() != labels[i]);
            double distance = distance(attack, images.slice(i), result.images().slice(i));
            assertClose(distance, adversarial.distance(), 1e-6, 0);
            assertTrue(distance <= attack.ball().radius() * (1 + 1e-6), "distance " + distance);
          } else {
            assertEquals(images.slice(i), result.images().slice(i));
          }
        }
        assertTrue(found > 0 && found < 19, "found " + found);
        // Wrong to begin with: not attacked, and not robust.
        assertTrue(result.outcomes().get(3).adversarial().isEmpty());
        assertFalse(result.outcomes().get(3).robust());
        assertEquals(SPEC6.clip(result.images()), result.images());
      }
    }
  }

  // What can go wrong.

  @Test
  void gradientOfZeroOrNaN_leavesTheImageStanding_andSaysSo() {
    double[] w = new double[PIXELS];
    Arrays.fill(w, 1);
    INDArray image = SPEC.clip(Nd4j.ones(DataType.DOUBLE, SPEC.shape(2)).mul(0.5));
    for (double number : new double[] {0, Double.NaN, Double.POSITIVE_INFINITY}) {
      double[] constant = new double[2 * PIXELS];
      Arrays.fill(constant, number);
      RepresentationModel hidden =
          new WithGradient(
              linear(w),
              // Of both images, or of the first, which alone is attacked.
              g ->
                  Nd4j.createFromArray(Arrays.copyOf(constant, (int) g.length()))
                      .reshape(g.shape()));
      AttackResult result =
          PgdAttack.l2(10, 5).fromImages().perturb(hidden, image, new int[] {0, 1});
      assertTrue(result.outcomes().get(0).robust());
      assertTrue(result.outcomes().get(0).blind());
      assertEquals(image, result.images());
      assertFalse(result.outcomes().get(1).correct());
    }
  }

  @Test
  void interruptedAttack_hasTheBatchesThatWereDone() {
    try (RepresentationModel network = network()) {
      INDArray images = noise(6);
      int[] labels = labels(network, images);
      PgdAttack attack = PgdAttack.linf(0.1, 3).withBatch(2);
      AttackResult whole = attack.perturb(network, images, labels);
      List<Integer> told = new ArrayList<>();
      AttackResult part;
      try {
        part =
            attack.perturb(
                network,
                images,
                labels,
                done -> {
                  told.add(done);
                  if (told.size() == 2) {
                    Thread.currentThread().interrupt();
                  }
                });
      } finally {
        assertTrue(Thread.interrupted());
      }
      assertEquals(List.of(2, 2), told);
      assertEquals(whole.outcomes().subList(0, 4), part.outcomes());
      assertEquals(4, part.images().size(0));

      Thread.currentThread().interrupt();
      AttackResult none;
      try {
        none = attack.perturb(network, images, labels);
      } finally {
        assertTrue(Thread.interrupted());
      }
      assertTrue(none.outcomes().isEmpty() && none.images().isEmpty());
    }
  }

  @Test
  void badInput_isRefusedBeforeAnyWork() {
    RepresentationModel model = linear(new double[PIXELS]);
    INDArray image = Nd4j.zeros(DataType.FLOAT, SPEC.shape(2));
    PgdAttack attack = PgdAttack.linf(0.1, 3);
    refused("expected a label of each of 2 images, got 1", attack, model, image, 0);
    refused(
        "expected labels from 0 to 1, the classes of linear; image 1 has 2",
        attack,
        model,
        image,
        0,
        2);
    refused(
        "expected images in [0.0, 1.0], got values from 7.0 to 7.0",
        attack,
        model,
        image.add(7),
        0,
        1);
    refused(
        "expected a classifier of at least two classes, got one of 1",
        attack,
        new LinearModel(SPEC, Nd4j.ones(DataType.DOUBLE, 1, PIXELS)),
        image,
        0,
        0);
  }

  private static void refused(
      String message, PgdAttack attack, RepresentationModel model, INDArray images, int... labels) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> attack.perturb(model, images, labels));
    assertEquals(message, e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, Double.NaN, Double.POSITIVE_INFINITY})
  void radius_thatIsNone_isRefused(double epsilon) {
    assertThrows(IllegalArgumentException.class, () -> PgdAttack.l2(epsilon, 10));
    assertThrows(IllegalArgumentException.class, () -> PgdAttack.linf(epsilon, 10));
  }

  @Test
  void attacks_thatMakeNoSense_areRefused() {
    PgdAttack attack = PgdAttack.l2(1, 10);
    assertThrows(IllegalArgumentException.class, () -> PgdAttack.l2(1, 0));
    assertThrows(IllegalArgumentException.class, () -> attack.withRestarts(0, 1));
    assertThrows(IllegalArgumentException.class, () -> attack.withBatch(0));
    assertThrows(IllegalArgumentException.class, () -> attack.withStep(StepRule.lbfgs()));
    assertThrows(
        IllegalArgumentException.class,
        () -> new PgdAttack(attack.ball(), attack.loss(), attack.step(), 10, 2, false, 0, 1));
  }

  @Test
  void text_saysHowItWasAttacked() {
    assertEquals(
        "l2 PGD, epsilon 0.5, 20 steps of 0.0625, 1 random start from seed 0, cross-entropy",
        PgdAttack.l2(0.5, 20).toString());
    assertEquals(
        "linf PGD, epsilon 0.03, 10 steps by sign of 0.0075, from the images, margin",
        PgdAttack.linf(0.03, 10).withLoss(ClassificationLoss.MARGIN).fromImages().toString());
  }

  // Classifiers and images.

  private static final ImageSpec SPEC6 = ImageSpec.gray(6);

  private static PgdAttack attack(Constraint.Norm norm, double epsilon, int iterations) {
    return norm == Constraint.Norm.L2
        ? PgdAttack.l2(epsilon, iterations)
        : PgdAttack.linf(epsilon, iterations);
  }

  /** Class 0 where w x is above 0, class 1 where it is below. */
  private static RepresentationModel linear(double[] w) {
    return new LinearModel(SPEC, Nd4j.createFromArray(new double[][] {w, new double[w.length]}));
  }

  private static RepresentationModel network() {
    try {
      return OnnxNetwork.load(golden("network.onnx")).at("logits", SPEC6, Preprocessing.none());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static INDArray noise(int n) {
    double[] pixels = new SplittableRandom(n).doubles(36L * n).toArray();
    return Nd4j.createFromArray(pixels).reshape(SPEC6.shape(n));
  }

  private static int[] labels(RepresentationModel network, INDArray images) {
    return Predictions.of(network.represent(images)).stream()
        .mapToInt(OptionalInt::orElseThrow)
        .toArray();
  }

  private static long robust(List<AttackOutcome> outcomes) {
    return outcomes.stream().filter(AttackOutcome::robust).count();
  }

  private static double distance(PgdAttack attack, INDArray a, INDArray b) {
    double[] x = a.dup().reshape(36).castTo(DataType.DOUBLE).toDoubleVector();
    double[] y = b.dup().reshape(36).castTo(DataType.DOUBLE).toDoubleVector();
    Arrays.setAll(x, j -> x[j] - y[j]);
    return attack.ball().norm() == Constraint.Norm.L2
        ? l2(x)
        : Arrays.stream(x).map(Math::abs).max().orElseThrow();
  }

  private static INDArray image(double[] x) {
    return Nd4j.createFromArray(x).reshape(SPEC.shape(1));
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int j = 0; j < a.length; j++) {
      sum += a[j] * b[j];
    }
    return sum;
  }

  private static double l2(double[] a) {
    return Math.sqrt(dot(a, a));
  }

  private static double l1(double[] a) {
    return Arrays.stream(a).map(Math::abs).sum();
  }

  private static int[] ints(JsonNode numbers) {
    int[] ints = new int[numbers.size()];
    Arrays.setAll(ints, i -> numbers.get(i).asInt());
    return ints;
  }

  private static Path golden(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(PgdAttackTest.class.getResource("/golden/attack/" + name))
              .toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  /** A model whose gradients are not what they should be. */
  private record WithGradient(RepresentationModel model, UnaryOperator<INDArray> change)
      implements RepresentationModel {

    @Override
    public ModelId id() {
      return model.id();
    }

    @Override
    public ImageSpec input() {
      return model.input();
    }

    @Override
    public int size() {
      return model.size();
    }

    @Override
    public INDArray represent(INDArray images) {
      return model.represent(images);
    }

    @Override
    public DifferentiableLoss pullBack(DifferentiableLoss onRepresentations) {
      DifferentiableLoss loss = model.pullBack(onRepresentations);
      return (x, rows) -> {
        ValueAndGradient at = loss.evaluate(x, rows);
        return new ValueAndGradient(at.value(), change.apply(at.gradient()));
      };
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
