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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
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

  @TempDir static Path directory;

  /** The jobs of the script, and how its loss is ours: the matching term has weight 1 here. */
  enum Job {
    NONE("none", 1, Regularizer.none()),
    TV_L6("tv_l6", 10, PublishedRegularizers.freqTvL6());

    private final String name;
    private final double scale;
    private final Regularizer regularizer;

    Job(String name, double scale, Regularizer regularizer) {
      this.name = name;
      this.scale = scale;
      this.regularizer = regularizer;
    }
  }

  @BeforeAll
  static void makeNetworkTargetsAndSeeds() throws Exception {
    peer("make", directory.toString());
  }

  @ParameterizedTest
  @EnumSource
  void loop_agreesWithThePeer(Job job) throws Exception {
    INDArray targets = first(Nd4j.createFromNpyFile(directory.resolve("targets.npy").toFile()));
    INDArray seeds = first(Nd4j.createFromNpyFile(directory.resolve("seeds.npy").toFile()));
    ImageSpec spec = ImageSpec.rgb(32);
    try (RepresentationModel model =
        OnnxNetwork.load(directory.resolve("resnet18_cifar.onnx"))
            .at("penultimate", spec, Preprocessing.cifar10())) {
      Map<String, INDArray> two = run(job, "reference", 2);
      int[] rows = IntStream.range(0, BATCH).toArray();
      DifferentiableLoss match = model.pullBack(new RelativeL2(model.represent(targets)));
      ValueAndGradient m = match.evaluate(seeds, rows);
      ValueAndGradient p =
          job.regularizer
              .bind(new InversionProblem(spec, targets, spec.clip(seeds)))
              .evaluate(seeds, rows);
      double[] loss =
          IntStream.of(rows).mapToDouble(i -> job.scale * (m.value()[i] + p.value()[i])).toArray();
      INDArray gradient = m.gradient().add(p.gradient()).mul(job.scale / BATCH);
      assertClose(two.get("first_loss").toDoubleVector(), loss, 1e-4, 0);
      assertCloseInNorm(two.get("first_gradient"), gradient, 1e-4);

      InversionOptions options =
          InversionOptions.defaults().withRegularizer(job.regularizer).withRawSeed(true);
      for (int steps : new int[] {1, 3}) {
        Map<String, INDArray> peer = steps == 1 ? two : run(job, "reference", steps + 1);
        try (InversionResult result =
            new Inverter(model, options.withIterations(steps)).invert(targets, seeds)) {
          assertTrue(
              result.outcomes().stream().anyMatch(o -> o.bestIteration() == steps),
              "no image was best at its last iterate");
          assertCloseInNorm(spec.clip(peer.get("best")), result.images(), 1e-3);
        }
      }

      double reference = mean(run(job, "reference", 51));
      double tuned = mean(run(job, "tuned", 51));
      try (InversionResult result =
          new Inverter(model, options.withIterations(50)).invert(targets, seeds)) {
        double ours =
            job.scale
                * result.outcomes().stream()
                    .mapToDouble(ImageOutcome::loss)
                    .average()
                    .orElseThrow();
        double allowed = Math.max(0.03 * reference, 2 * Math.abs(reference - tuned));
        assertEquals(
            reference, ours, allowed, "peer's variants: %s, %s".formatted(reference, tuned));
      }
    }
  }

  private static double mean(Map<String, INDArray> run) {
    return run.get("best_loss").meanNumber().doubleValue();
  }

  private static INDArray first(INDArray all) {
    return Nd4j.concat(
        0,
        IntStream.range(0, BATCH)
            .mapToObj(i -> all.slice(i).reshape(1, 3, 32, 32))
            .toArray(INDArray[]::new));
  }

  private static Map<String, INDArray> run(Job job, String variant, int steps) throws Exception {
    peer(
        "run",
        directory.toString(),
        job.name,
        "--variant",
        variant,
        "--batch",
        "" + BATCH,
        "--steps",
        "" + steps);
    return Nd4j.createFromNpzFile(directory.resolve(job.name + ".npz").toFile());
  }

  private static void peer(String... arguments) throws Exception {
    String script = System.getProperty("metamer.peer");
    if (script == null) {
      throw new IllegalStateException(
          "expected -Dmetamer.peer=SCRIPT, the path of inversion_peer.py");
    }
    List<String> command =
        new java.util.ArrayList<>(
            List.of(System.getProperty("metamer.python", "/usr/bin/python3"), script));
    command.addAll(List.of(arguments));
    Path log = Files.createTempFile(directory, "peer", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertEquals(0, process.waitFor(), () -> read(log));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return "the peer failed, and its output cannot be read: " + e;
    }
  }
}
