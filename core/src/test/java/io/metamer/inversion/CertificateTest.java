package io.metamer.inversion;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.Certificate.Classes;
import io.metamer.loss.Matching;
import io.metamer.loss.RelativeL2;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The certificates of searches. */
final class CertificateTest {

  private static final ImageSpec SPEC = new ImageSpec(3, 2, 2, 0, 1);
  private static final LinearModel MODEL = new LinearModel(SPEC, noise(1, 6, 12));
  private static final LinearModel CLASSIFIER = new LinearModel(SPEC, noise(2, 4, 12).subi(0.5));
  private static final InversionOptions OPTIONS =
      InversionOptions.defaults()
          .withIterations(60)
          .withBatch(2)
          .withStep(StepRule.normalized(0.2).withSchedule(Schedule.COSINE));

  private final Path temp;

  CertificateTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void certificate_isWhatTheRepresentationsSay() {
    for (DataType type : List.of(DataType.DOUBLE, DataType.FLOAT)) {
      double atol = type == DataType.FLOAT ? 1e-5 : 1e-12;
      INDArray targets = images(3, 5).castTo(type);
      INDArray goals = MODEL.represent(targets);
      NullDistribution pairs = NullDistribution.of(MODEL, targets);
      try (InversionResult result = new Inverter(MODEL, OPTIONS).invert(targets, images(4, 5))) {
        assertEquals(5, result.certificates().size());
        double[] distance = distances(goals, result.images());
        for (int i = 0; i < 5; i++) {
          Agreement found = result.certificates().get(i).asFound();
          assertClose(distance[i], found.distance(), 1e-4, atol);
          assertClose(result.outcomes().get(i).distance(), found.distance(), 1e-4, atol);
          assertEquals(pairs.percentile(found.distance()), found.percentile().orElseThrow());
          double[] goal = goals.getRow(i).toDoubleVector();
          double[] r = MODEL.represent(result.images()).getRow(i).toDoubleVector();
          assertClose(Correlation.pearson(goal, r), found.pearson(), 0, atol);
          assertClose(Correlation.spearman(goal, r), found.spearman(), 0, 1e-12);
          assertTrue(found.classes().isEmpty());
          assertEquals(List.of(new Certificate.Part("product", found.distance())), found.parts());
        }
        assertEquals(pairs.toString(), result.nullDistribution().orElseThrow().toString());
      }
    }
  }

  @Test
  void parts_ofAJointModel_areMatchedAndCertifiedByThemselves() {
    RepresentationModel joint = RepresentationModel.joint(List.of(MODEL, CLASSIFIER), 1, 3);
    INDArray targets = images(3, 3);
    InversionOptions options =
        OPTIONS.withMatching(Matching.RELATIVE_L1).withPartWeights(2, 1).withBatch(3);
    try (InversionResult result = new Inverter(joint, options).invert(targets, images(4, 3))) {
      double[] first = distances(MODEL.represent(targets), result.images());
      int[] rows = {0, 1, 2};
      double[] second =
          new RelativeL2(CLASSIFIER.represent(targets))
              .distance(CLASSIFIER.represent(result.images()), rows);
      double[] loss =
          Matching.RELATIVE_L1
              .toParts(joint.represent(targets), new int[] {6, 4}, new double[] {2, 1})
              .evaluate(joint.represent(result.images()), rows)
              .value();
      for (int i = 0; i < 3; i++) {
        List<Certificate.Part> parts = result.certificates().get(i).asFound().parts();
        assertEquals(
            List.of("linear: product", "linear: product"),
            parts.stream().map(Certificate.Part::name).toList());
        assertClose(first[i], parts.get(0).distance(), 1e-9, 1e-12);
        assertClose(second[i], parts.get(1).distance(), 1e-9, 1e-12);
        assertClose(loss[i], result.outcomes().get(i).loss(), 1e-9, 1e-12);
      }
    }
  }

  @Test
  void partWeights_thatAreNotOneForEachPart_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withPartWeights(1, 0));
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withPartWeights(Double.NaN));
    Inverter inverter = new Inverter(MODEL, OPTIONS.withPartWeights(1, 1));
    IllegalArgumentException refused =
        assertThrows(
            IllegalArgumentException.class, () -> inverter.invert(images(3, 1), images(4, 1)));
    assertEquals(
        "expected a weight for each of the parts [Part[name=product, size=6]], got [1.0, 1.0]",
        refused.getMessage());
  }

  @Test
  void certificate_asPng_isThatOfTheFile() throws IOException {
    INDArray targets = images(3, 2).castTo(DataType.FLOAT);
    try (InversionResult result = new Inverter(MODEL, OPTIONS).invert(targets, images(4, 2))) {
      List<Path> files = List.of(temp.resolve("0.png"), temp.resolve("1.png"));
      for (int i = 0; i < 2; i++) {
        Images.write(result.images().slice(i), SPEC, files.get(i));
      }
      INDArray read = Images.read(files, SPEC);
      double[] expected = distances(MODEL.represent(targets), read);
      for (int i = 0; i < 2; i++) {
        Certificate certificate = result.certificates().get(i);
        assertClose(expected[i], certificate.asPng().distance(), 1e-4, 1e-6);
        assertNotEquals(certificate.asFound().distance(), certificate.asPng().distance(), 1e-5);
      }
    }
  }

  @Test
  void classes_areTheLargestLogits() {
    INDArray targets = images(3, 5);
    Inverter inverter = new Inverter(MODEL, OPTIONS).withClassifier(CLASSIFIER);
    try (InversionResult result = inverter.invert(targets, images(4, 5))) {
      INDArray expected = CLASSIFIER.represent(targets).argMax(1);
      INDArray actual = CLASSIFIER.represent(result.images()).argMax(1);
      int[] same =
          IntStream.range(0, 5).filter(i -> expected.getInt(i) == actual.getInt(i)).toArray();
      for (int i = 0; i < 5; i++) {
        assertEquals(
            Optional.of(new Classes(expected.getInt(i), actual.getInt(i))),
            result.certificates().get(i).asFound().classes());
      }
      assertArrayEquals(same, result.identical(Criterion.within(1e9).sameClass()));
      assertTrue(same.length > 0 && same.length < 5, "the test shows both");
    }
  }

  @Test
  void classes_thatNobodyTold_cannotBeAskedFor() {
    try (InversionResult result = new Inverter(MODEL, OPTIONS).invert(images(3, 2), images(4, 2))) {
      assertThrows(
          IllegalStateException.class, () -> result.identical(Criterion.within(1).sameClass()));
    }
  }

  @Test
  void nullDistribution_ofOneTarget_isAbsentUnlessGiven() {
    INDArray target = images(3, 1);
    try (InversionResult alone = new Inverter(MODEL, OPTIONS).invert(target, images(4, 1))) {
      assertTrue(alone.nullDistribution().isEmpty());
      assertTrue(alone.certificates().get(0).asFound().percentile().isEmpty());
    }
    NullDistribution pairs = NullDistribution.of(MODEL, images(5, 4));
    try (InversionResult given =
        new Inverter(MODEL, OPTIONS).withNull(pairs).invert(target, images(4, 1))) {
      assertEquals(Optional.of(pairs), given.nullDistribution());
      assertTrue(given.certificates().get(0).asFound().percentile().isPresent());
    }
  }

  @Test
  void goals_thatAreGiven_areWhatIsComparedWith() {
    INDArray targets = images(3, 2);
    INDArray goals = MODEL.represent(images(6, 2));
    try (InversionResult result =
        new Inverter(MODEL, OPTIONS)
            .invertTo(goals, targets, images(4, 2), InversionListener.none())) {
      double[] expected = distances(goals, result.images());
      for (int i = 0; i < 2; i++) {
        assertClose(expected[i], result.certificates().get(i).asFound().distance(), 1e-9, 1e-12);
      }
    }
  }

  @Test
  void distance_ofAnImageThatWasNeverEvaluated_isThatOfItsSeed() {
    INDArray targets = images(3, 3);
    INDArray seeds = images(4, 3);
    double[] atSeeds = distances(MODEL.represent(targets), seeds);
    try (InversionResult result =
        new Inverter(MODEL, OPTIONS.withBatch(1))
            .invert(targets, seeds, t -> Thread.currentThread().interrupt())) {
      assertTrue(Thread.interrupted());
      assertEquals(0, result.outcomes().get(2).evaluations());
      for (int i = 0; i < 3; i++) {
        assertClose(atSeeds[i], result.outcomes().get(i).distance(), 1e-12, 0);
      }
    }
  }

  @Test
  void representation_thatIsNotFinite_isInfinitelyFarAndLikeNothing() {
    LinearModel bright = new LinearModel(SPEC, MODEL.matrix().mul(1e200));
    INDArray goals = Nd4j.ones(DataType.DOUBLE, 1, 6);
    INDArray target = images(3, 1);
    Certificate certificate =
        new Certification(
                new LinearModel(SPEC, bright.matrix().mul(1e200)),
                Optional.of(new LinearModel(SPEC, Nd4j.valueArrayOf(2, 12, Double.NaN))),
                Optional.empty())
            .certify(target, target, goals, 1)
            .get(0);
    Agreement agreement = certificate.asFound();
    assertEquals(Double.POSITIVE_INFINITY, agreement.distance());
    assertEquals(0, agreement.pearson());
    assertEquals(0, agreement.spearman());
    assertEquals(Optional.of(new Classes(-1, -1)), agreement.classes());
  }

  @Test
  void classifier_ofOtherImages_isRefused() {
    Inverter inverter = new Inverter(MODEL, OPTIONS);
    LinearModel other = new LinearModel(new ImageSpec(3, 4, 1, 0, 1), CLASSIFIER.matrix());
    assertThrows(IllegalArgumentException.class, () -> inverter.withClassifier(other));
  }

  @Test
  void result_printed_isShort() {
    try (InversionResult result = new Inverter(MODEL, OPTIONS).invert(images(3, 3), images(4, 3))) {
      assertTrue(
          result.toString().matches("3 images, \\d within 0.1 of their targets, median [\\d.e-]+"),
          result.toString());
    }
  }

  private static double[] distances(INDArray goals, INDArray images) {
    int[] rows = IntStream.range(0, (int) images.size(0)).toArray();
    return new RelativeL2(goals.castTo(DataType.DOUBLE))
        .distance(MODEL.represent(images.castTo(DataType.DOUBLE)), rows);
  }

  private static INDArray images(long seed, int n) {
    return noise(seed, n, 12).reshape(SPEC.shape(n));
  }

  private static INDArray noise(long seed, int rows, int columns) {
    return Nd4j.createFromArray(new SplittableRandom(seed).doubles((long) rows * columns).toArray())
        .reshape(rows, columns);
  }
}
