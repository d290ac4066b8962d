package io.metamer.inversion;

import io.metamer.image.Images;
import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.Certificate.Classes;
import io.metamer.model.RepresentationModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** What certificates are made with. */
record Certification(
    RepresentationModel model,
    Optional<RepresentationModel> classifier,
    Optional<NullDistribution> nullDistribution) {

  /**
   * The certificates of images, computed some at a time to bound the memory.
   *
   * @param goals what their representations should be
   */
  List<Certificate> certify(INDArray targets, INDArray images, INDArray goals, int batch) {
    List<Certificate> certificates = new ArrayList<>();
    long n = images.size(0);
    for (long from = 0; from < n; from += batch) {
      long to = Math.min(n, from + batch);
      INDArray some = piece(images, from, to);
      double[][] goal = rows(piece(goals, from, to));
      int[] classes = classes(piece(targets, from, to));
      List<Agreement> asFound = agreements(some, goal, classes);
      List<Agreement> asPng = agreements(Images.quantize(some, model.input()), goal, classes);
      for (int k = 0; k < goal.length; k++) {
        certificates.add(new Certificate(asFound.get(k), asPng.get(k)));
      }
    }
    return certificates;
  }

  private List<Agreement> agreements(INDArray images, double[][] goal, int[] targetClass) {
    double[][] found = rows(model.represent(images));
    int[] imageClass = classes(images);
    List<Agreement> agreements = new ArrayList<>();
    for (int k = 0; k < goal.length; k++) {
      double distance = distance(found[k], goal[k], 0, goal[k].length);
      boolean finite = Double.isFinite(distance);
      agreements.add(
          new Agreement(
              distance,
              nullDistribution
                  .map(pairs -> OptionalDouble.of(pairs.percentile(distance)))
                  .orElseGet(OptionalDouble::empty),
              finite ? Correlation.pearson(found[k], goal[k]) : 0,
              finite ? Correlation.spearman(found[k], goal[k]) : 0,
              classifier.isEmpty()
                  ? Optional.empty()
                  : Optional.of(new Classes(targetClass[k], imageClass[k])),
              parts(found[k], goal[k])));
    }
    return agreements;
  }

  private List<Certificate.Part> parts(double[] found, double[] goal) {
    List<Certificate.Part> parts = new ArrayList<>();
    int from = 0;
    for (RepresentationModel.Part part : model.parts()) {
      int to = from + part.size();
      parts.add(new Certificate.Part(part.name(), distance(found, goal, from, to)));
      from = to;
    }
    return parts;
  }

  private static double distance(double[] found, double[] goal, int from, int to) {
    double difference = 0;
    double norm = 0;
    for (int i = from; i < to; i++) {
      difference += (found[i] - goal[i]) * (found[i] - goal[i]);
      norm += goal[i] * goal[i];
    }
    double distance = difference == 0 ? 0 : Math.sqrt(difference) / Math.sqrt(norm);
    return Double.isFinite(distance) ? distance : Double.POSITIVE_INFINITY;
  }

  /** Empty without a classifier. */
  private int[] classes(INDArray images) {
    return classifier
        .map(c -> Arrays.stream(rows(c.represent(images))).mapToInt(Certification::largest))
        .map(classes -> classes.toArray())
        .orElseGet(() -> new int[0]);
  }

  private static int largest(double[] logits) {
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      if (Double.isNaN(logits[i])) {
        return -1;
      }
      best = logits[i] > logits[best] ? i : best;
    }
    return best;
  }

  private static INDArray piece(INDArray array, long from, long to) {
    return array.get(NDArrayIndex.interval(from, to)).dup('c');
  }

  private static double[][] rows(INDArray representations) {
    return representations.castTo(DataType.DOUBLE).toDoubleMatrix();
  }
}
