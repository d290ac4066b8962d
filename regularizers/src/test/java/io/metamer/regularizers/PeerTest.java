package io.metamer.regularizers;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionProblem;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.RelativeL2;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The loop against an independent one: a PyTorch script that writes a CIFAR ResNet18 with fixed
 * random weights, targets and seeds, and runs the same search on them ({@code
 * -Dmetamer.peer=SCRIPT}).
 */
@Tag("reference")
final class PeerTest {

  private static final int BATCH = 8;
  private static final ImageSpec SPEC = ImageSpec.rgb(32);

  /**
   * A job of the script; its loss is ours times a scale, since the matching term has weight 1 here.
   */
  private record Job(String name, double scale, Regularizer regularizer) {}

  /** What the script writes: of the first evaluation, and the best of all. */
  private record Run(INDArray firstLoss, INDArray firstGradient, double bestLoss, INDArray best) {}

  static Stream<Job> jobs() {
    return Stream.of(
        new Job("none", 1, Regularizer.none()),
        new Job("tv_l6", 10, PublishedRegularizers.freqTvL6()));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void loop_agreesWithThePeer(Job job, @TempDir Path directory) throws Exception {
    peer(directory, "make", directory.toString());
    INDArray targets = first(directory.resolve("targets.npy"));
    INDArray seeds = first(directory.resolve("seeds.npy"));
    InversionOptions options =
        InversionOptions.defaults().withRegularizer(job.regularizer).withRawSeed(true);
    try (RepresentationModel model =
        OnnxNetwork.load(directory.resolve("resnet18_cifar.onnx"))
            .at("penultimate", SPEC, Preprocessing.cifar10())) {
      Run two = run(directory, job, "reference", 2);
      assertFirstEvaluation(two, model, job, targets, seeds);
      for (int steps : new int[] {1, 3}) {
        Run peer = steps == 1 ? two : run(directory, job, "reference", steps + 1);
        try (InversionResult result =
            new Inverter(model, options.withIterations(steps)).invert(targets, seeds)) {
          assertTrue(
              result.outcomes().stream().anyMatch(o -> o.bestIteration() == steps),
              result.outcomes().toString());
          assertCloseInNorm(SPEC.clip(peer.best), result.images(), 1e-3);
        }
      }
      double reference = run(directory, job, "reference", 51).bestLoss;
      double tuned = run(directory, job, "tuned", 51).bestLoss;
      try (InversionResult result =
          new Inverter(model, options.withIterations(50)).invert(targets, seeds)) {
        double ours =
            job.scale
                * result.outcomes().stream()
                    .mapToDouble(ImageOutcome::loss)
                    .average()
                    .orElseThrow();
        // The descent is chaotic: the script's own two variants part as far.
        double allowed = Math.max(0.03 * reference, 2 * Math.abs(reference - tuned));
        assertEquals(
            reference, ours, allowed, "the peer's variants: %s, %s".formatted(reference, tuned));
      }
    }
  }

  private static void assertFirstEvaluation(
      Run peer, RepresentationModel model, Job job, INDArray targets, INDArray seeds) {
    int[] rows = IntStream.range(0, BATCH).toArray();
    DifferentiableLoss match = model.pullBack(new RelativeL2(model.represent(targets)));
    DifferentiableLoss penalty =
        job.regularizer.bind(new InversionProblem(SPEC, targets, SPEC.clip(seeds)));
    ValueAndGradient m = match.evaluate(seeds, rows);
    ValueAndGradient p = penalty.evaluate(seeds, rows);
    double[] loss =
        IntStream.of(rows).mapToDouble(i -> job.scale * (m.value()[i] + p.value()[i])).toArray();
    assertClose(peer.firstLoss.toDoubleVector(), loss, 1e-4, 0);
    // The script's gradient is that of the batch's mean.
    assertCloseInNorm(
        peer.firstGradient, m.gradient().add(p.gradient()).mul(job.scale / BATCH), 1e-4);
  }

  private static Run run(Path directory, Job job, String variant, int evaluations)
      throws Exception {
    String[] arguments = {"run", directory.toString(), job.name, "--variant", variant};
    peer(
        directory,
        Stream.concat(
                Stream.of(arguments), Stream.of("--batch", "" + BATCH, "--steps", "" + evaluations))
            .toArray(String[]::new));
    Map<String, INDArray> file =
        Nd4j.createFromNpzFile(directory.resolve(job.name + ".npz").toFile());
    return new Run(
        Objects.requireNonNull(file.get("first_loss")),
        Objects.requireNonNull(file.get("first_gradient")),
        Objects.requireNonNull(file.get("best_loss")).meanNumber().doubleValue(),
        Objects.requireNonNull(file.get("best")));
  }

  private static INDArray first(Path file) {
    INDArray all = Nd4j.createFromNpyFile(file.toFile());
    INDArray[] images =
        IntStream.range(0, BATCH)
            .mapToObj(i -> all.slice(i).reshape(SPEC.shape(1)))
            .toArray(INDArray[]::new);
    return Nd4j.concat(0, images);
  }

  private static void peer(Path directory, String... arguments) throws Exception {
    String script =
        Objects.requireNonNull(
            System.getProperty("metamer.peer"), "expected -Dmetamer.peer=SCRIPT, the PyTorch peer");
    List<String> command =
        new ArrayList<>(List.of(System.getProperty("metamer.python", "/usr/bin/python3"), script));
    command.addAll(List.of(arguments));
    Path log = directory.resolve("peer.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    int status = process.waitFor();
    assertEquals(0, status, Files.readString(log));
  }
}
