package io.metamer.examples;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Inverter;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * Times the steps of the search against a PyTorch script that makes the same steps: its network,
 * targets and seeds, no regularizer. The two alternate, since machines are shared and drift.
 */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    description = "Times steps of the search against a PyTorch script that makes the same ones.",
    footer = {"", "Threads: set OMP_NUM_THREADS; the script is told the same number."})
final class Benchmark implements Callable<Integer> {

  /** The first steps of a run compile and warm up. */
  private static final int SKIPPED = 3;

  @Option(
      names = "--peer",
      required = true,
      paramLabel = "SCRIPT",
      description =
          "A Python script that takes 'make DIR' and 'run DIR none --variant V --batch N --steps N"
              + " --threads N', and prints ms_per_step_median as JSON.")
  private Path peer = Path.of("");

  @Option(names = "--python", description = "The Python that runs it. Default: ${DEFAULT-VALUE}")
  private String python = "python3";

  @Option(
      names = "--variant",
      description = "Which variant of the script. Default: ${DEFAULT-VALUE}")
  private String variant = "reference";

  @Option(names = "--batch", description = "Images in a step. Default: ${DEFAULT-VALUE}")
  private int batch = 32;

  @Option(names = "--steps", description = "Steps in a run. Default: ${DEFAULT-VALUE}")
  private int steps = 12;

  @Option(names = "--rounds", description = "Runs of each. Default: ${DEFAULT-VALUE}")
  private int rounds = 3;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isRegularFile(peer)) {
      throw new BadInput("expected --peer to be a Python script, there is no file " + peer);
    }
    if (batch < 1 || steps < 1 || rounds < 1) {
      throw new BadInput(
          "expected --batch, --steps and --rounds of at least 1, got %d, %d and %d"
              .formatted(batch, steps, rounds));
    }
    Path folder = Files.createTempDirectory("metamer-benchmark");
    try {
      compare(folder, Nd4j.getEnvironment().maxMasterThreads());
    } finally {
      OutputFolder.delete(folder);
    }
    return 0;
  }

  private void compare(Path folder, int threads) throws IOException, InterruptedException {
    say(
        "batch %d, %d steps a run, %d threads; median milliseconds of a step",
        batch, steps, threads);
    python(folder, "make", folder.toString());
    List<Double> ours = new ArrayList<>();
    List<Double> theirs = new ArrayList<>();
    for (int round = 1; round <= rounds; round++) {
      theirs.add(theirs(folder, threads));
      ours.add(ours(folder));
      double ratio = ours.get(round - 1) / theirs.get(round - 1);
      say(
          "round %d: metamer %.1f, peer %.1f, ratio %.2f",
          round, ours.get(round - 1), theirs.get(round - 1), ratio);
    }
    say(
        "medians: metamer %.1f, peer (%s) %.1f, ratio %.2f",
        median(ours), variant, median(theirs), median(ours) / median(theirs));
  }

  private double ours(Path folder) throws IOException {
    List<Double> times = new ArrayList<>();
    InversionOptions options =
        InversionOptions.defaults()
            .withIterations(steps + SKIPPED)
            .withRawSeed(true)
            .withBatch(batch);
    try (RepresentationModel model =
        OnnxNetwork.load(folder.resolve("resnet18_cifar.onnx"))
            .at("penultimate", ImageSpec.rgb(32), Preprocessing.cifar10())) {
      long[] last = {0};
      new Inverter(model, options)
          .invert(
              images(folder.resolve("targets.npy")),
              images(folder.resolve("seeds.npy")),
              iteration -> {
                long now = System.nanoTime();
                if (iteration.index()[0] > SKIPPED) {
                  times.add((now - last[0]) / 1e6);
                }
                last[0] = now;
              })
          .close();
    }
    return median(times);
  }

  private double theirs(Path folder, int threads) throws IOException, InterruptedException {
    String printed =
        python(
            folder,
            "run",
            folder.toString(),
            "none",
            "--variant",
            variant,
            "--batch",
            "" + batch,
            "--steps",
            "" + (steps + SKIPPED),
            "--threads",
            "" + threads);
    JsonNode milliseconds;
    try {
      milliseconds = new ObjectMapper().readTree(printed).path("ms_per_step_median");
    } catch (JsonProcessingException e) {
      milliseconds = MissingNode.getInstance();
    }
    if (!milliseconds.isNumber()) {
      throw new BadInput(
          "expected %s to print ms_per_step_median as JSON, got: %s"
              .formatted(peer, printed.strip()));
    }
    return milliseconds.doubleValue();
  }

  private INDArray images(Path file) {
    return Nd4j.createFromNpyFile(file.toFile()).get(NDArrayIndex.interval(0, batch)).dup('c');
  }

  private String python(Path folder, String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(python, peer.toString()));
    Collections.addAll(command, arguments);
    Path complaints = folder.resolve("errors.log");
    Process process = new ProcessBuilder(command).redirectError(complaints.toFile()).start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) {
      String last =
          Files.readAllLines(complaints).stream().reduce("nothing", (before, line) -> line);
      throw new BadInput("%s failed, and said last: %s".formatted(String.join(" ", command), last));
    }
    return printed;
  }

  private void say(String format, Object... arguments) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, arguments));
    spec.commandLine().getOut().flush();
  }

  private static double median(List<Double> numbers) {
    List<Double> sorted = numbers.stream().sorted().toList();
    int n = sorted.size();
    return (sorted.get((n - 1) / 2) + sorted.get(n / 2)) / 2;
  }
}
