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
import io.metamer.model.Network;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.model.Taps;
import io.metamer.perceptual.FeatureDistance;
import io.metamer.weights.StateDict;
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
  private record Job(String name, double scale, Penalty penalty) {}

  /** Makes a job's penalty, which may need what the script wrote. */
  private interface Penalty {
    Regularizer from(Path directory) throws Exception;
  }

  /** What the script writes: of the first evaluation, and the best of all. */
  private record Run(INDArray firstLoss, INDArray firstGradient, double bestLoss, INDArray best) {}

  static Stream<Job> jobs() {
    return Stream.of(
        new Job("none", 1, directory -> Regularizer.none()),
        new Job("tv_l6", 10, directory -> PublishedRegularizers.freqTvL6()),
        new Job("lpips", 1, PeerTest::adversarial));
  }

  @ParameterizedTest
  @MethodSource("jobs")
  void loop_agreesWithThePeer(Job job, @TempDir Path directory) throws Exception {
    peer(directory, "make", directory.toString());
    INDArray targets = first(directory.resolve("targets.npy"));
    INDArray seeds = first(directory.resolve("seeds.npy"));
    Regularizer regularizer = job.penalty.from(directory);
    InversionOptions options =
        InversionOptions.defaults().withRegularizer(regularizer).withRawSeed(true);
    try (RepresentationModel model =
        OnnxNetwork.load(directory.resolve("resnet18_cifar.onnx"))
            .at("penultimate", SPEC, Preprocessing.cifar10())) {
      Run two = run(directory, job, "reference", 2);
      assertFirstEvaluation(two, model, job.scale, regularizer, targets, seeds);
      if (job.name.equals("lpips")) {
        // Unclipped noise is so far from any image that the script would keep its seed for the
        // best.
        seeds = SPEC.clip(seeds);
        Nd4j.writeAsNumpy(seeds, directory.resolve("seeds.npy").toFile());
      }
      for (int steps : new int[] {1, 3}) {
        Run peer = run(directory, job, "reference", steps + 1);
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
        double allowed = Math.max(0.03 * Math.abs(reference), 2 * Math.abs(reference - tuned));
        assertEquals(
            reference, ours, allowed, "the peer's variants: %s, %s".formatted(reference, tuned));
      }
    }
  }

  private static void assertFirstEvaluation(
      Run peer,
      RepresentationModel model,
      double scale,
      Regularizer regularizer,
      INDArray targets,
      INDArray seeds) {
    int[] rows = IntStream.range(0, BATCH).toArray();
    DifferentiableLoss match = model.pullBack(new RelativeL2(model.represent(targets)));
    DifferentiableLoss penalty =
        regularizer.bind(new InversionProblem(SPEC, targets, SPEC.clip(seeds)));
    ValueAndGradient m = match.evaluate(seeds, rows);
    ValueAndGradient p = penalty.evaluate(seeds, rows);
    double[] loss =
        IntStream.of(rows).mapToDouble(i -> scale * (m.value()[i] + p.value()[i])).toArray();
    assertClose(peer.firstLoss.toDoubleVector(), loss, 1e-4, 0);
    // The script's gradient is that of the batch's mean.
    assertCloseInNorm(peer.firstGradient, m.gradient().add(p.gradient()).mul(scale / BATCH), 1e-4);
  }

  /**
   * The script's LPIPS, which has random heads, on its AlexNet, which it does not write as a file
   * that can be read here. Unlike a network's preprocessing, it does not clamp what it is shown.
   */
  private static Regularizer adversarial(Path directory) throws Exception {
    Path exporter =
        Path.of(Objects.requireNonNull(PeerTest.class.getResource("alexnet.py")).toURI());
    Path trunk = directory.resolve("alexnet.onnx");
    python(directory, exporter.toString(), script(), directory.toString(), trunk.toString());
    ImageSpec unbounded = new ImageSpec(3, 32, 32, -1e3, 1e3);
    Taps taps =
        Network.load(trunk)
            .taps(
                List.of("relu1", "relu2", "relu3", "relu4", "relu5"),
                unbounded,
                Preprocessing.none());
    StateDict heads = StateDict.load(directory.resolve("lin_alex.npz"));
    List<double[]> weights = new ArrayList<>();
    int[] channels = {64, 192, 384, 256, 256};
    for (int k = 0; k < channels.length; k++) {
      weights.add(heads.tensor("lin" + k, channels[k]).toDoubleVector());
    }
    return PublishedRegularizers.adversarial(
        FeatureDistance.weighted(new Unclamped(taps), weights, "random LPIPS"));
  }

  /** Layers of a network that takes images beyond [0, 1] as they are. */
  private record Unclamped(Taps taps) implements Taps {

    @Override
    public ImageSpec input() {
      return SPEC;
    }

    @Override
    public List<String> layers() {
      return taps.layers();
    }

    @Override
    public List<INDArray> forward(INDArray images) {
      return taps.forward(images);
    }

    @Override
    public INDArray backward(List<INDArray> cotangents) {
      return taps.backward(cotangents);
    }

    @Override
    public void close() {
      taps.close();
    }
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

  private static String script() {
    return Objects.requireNonNull(
        System.getProperty("metamer.peer"), "expected -Dmetamer.peer=SCRIPT, the PyTorch peer");
  }

  private static void peer(Path directory, String... arguments) throws Exception {
    python(
        directory, Stream.concat(Stream.of(script()), Stream.of(arguments)).toArray(String[]::new));
  }

  private static void python(Path directory, String... arguments) throws Exception {
    List<String> command =
        new ArrayList<>(List.of(System.getProperty("metamer.python", "/usr/bin/python3")));
    command.addAll(List.of(arguments));
    Path log = directory.resolve("peer.log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    int status = process.waitFor();
    assertEquals(0, status, Files.readString(log));
  }
}
