package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.image.Seeds;
import io.metamer.inversion.Stopping;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.regularizers.AdversarialRegularizer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Small studies of small networks. */
final class Fixture {

  static final Path NETWORKS = Path.of("src/test/resources/golden/presets").toAbsolutePath();

  static final ImageSpec INPUT = ImageSpec.rgb(8);

  private Fixture() {}

  static Subject subject(String name) {
    return Subject.of(name, NETWORKS.resolve(name + ".onnx"), Preprocessing.cifar10())
        .at(LayerSelection.of("penultimate"))
        .withClassifier("logits");
  }

  /** Away from the targets in the eyes of a network. */
  static Penalty.Adversarial against(Path network, double weight, Penalty.Coefficient coefficient) {
    return new Penalty.Adversarial(
        features(network), AdversarialRegularizer.Anchor.TARGET, coefficient, weight);
  }

  static DistanceRecipe features(Path network) {
    return new DistanceRecipe.OfFeatures(
        "features of smooth", network, List.of("penultimate"), Preprocessing.cifar10());
  }

  /** Two networks, two regularizers, two seeds; images leave at different times. */
  static Study study(Path images) {
    return new Study(
        List.of(subject("relu"), subject("smooth")),
        List.of(Penalty.published("reg_free"), Penalty.published("freq_tv_l6")),
        Targets.folder(images),
        Start.of(Start.Kind.PER_IMAGE, 42, -1),
        SearchRecipe.of(Preset.NANDA_2023)
            .withIterations(12)
            .withBatch(2)
            .withStopping(Stopping.at(0.3)),
        Optional.empty(),
        3,
        true);
  }

  /** The smallest one. */
  static Study tiny(Path images) {
    Study study = study(images);
    return new Study(
        study.networks().subList(0, 1),
        study.regularizers().subList(0, 1),
        study.targets(),
        Start.of(42),
        study.search(),
        study.pairs(),
        study.chunk(),
        false);
  }

  /** A folder of n images. */
  static Path images(Path folder, int n) {
    try {
      Files.createDirectories(folder);
      INDArray images = Seeds.grayNoise(INPUT, n, 7);
      for (int i = 0; i < n; i++) {
        Images.write(images.slice(i), INPUT, folder.resolve("t%02d.png".formatted(i)));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The hashes of all files that are to be the same, by path. */
  static Map<String, String> bytes(Path folder) throws IOException {
    Map<String, String> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith(StudyFolder.TIMES)) {
          bytes.put(folder.relativize(file).toString(), Sha256.of(Files.readAllBytes(file)));
        }
      }
    }
    return bytes;
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  static Study with(Study study, Targets targets) {
    return new Study(
        study.networks(),
        study.regularizers(),
        targets,
        study.seeds(),
        study.search(),
        study.pairs(),
        study.chunk(),
        study.floats());
  }

  static Subject at(Subject subject, ImageSpec shape) {
    return new Subject(
        subject.name(),
        subject.file(),
        subject.layers(),
        subject.preprocessing(),
        subject.classifier(),
        Optional.of(shape));
  }
}
