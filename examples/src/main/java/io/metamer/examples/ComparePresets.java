package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Inverter;
import io.metamer.model.LayerSelection;
import io.metamer.model.Network;
import io.metamer.model.RepresentationModel;
import io.metamer.model.UnsupportedModelException;
import io.metamer.studies.Convergence;
import io.metamer.studies.Preset;
import io.metamer.studies.Targets;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Counts what the searches of the literature take to come near their targets. */
@Command(
    name = "presets",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Compares presets on a network: evaluations and seconds until images are near their targets.",
      "",
      "An evaluation is one value and gradient of one image; those of line searches count. Seconds"
          + " are those of one image: of a batch's time, each image has an equal share. Of the first"
          + " preset, it counts when an image was first within 1 %% of its lowest distance; of the"
          + " others, when they were there, as a ratio. An image that never was counts as one that"
          + " takes for ever."
    },
    footer = {
      "",
      "Example, the published search against ours on 50 images of CIFAR-10:",
      "  metamer presets --network resnet20.onnx --preprocessing imagenet \\",
      "    --cifar10 test_batch.bin --preset nanda2023 --preset fast",
      "",
      "Exit codes: 0 done, 2 bad input, 130 interrupted: the presets that were done are printed."
    })
final class ComparePresets implements Callable<Integer> {

  private static final double[] DISTANCES = {0.1, 0.05, 0.01};

  /** How near to the first preset's last distance counts as there. */
  private static final double SLACK = 1.01;

  /** Lists the presets. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Preset.names().iterator();
    }
  }

  /** Where the images are. */
  static final class Source {
    @Option(names = "--images", paramLabel = "DIR", description = "A folder of PNG and JPEG files.")
    @Nullable Path folder;

    @Option(
        names = "--cifar10",
        paramLabel = "FILE",
        description = "CIFAR-10's binary version, such as test_batch.bin.")
    @Nullable Path cifar10;

    @Option(
        names = "--idx",
        paramLabel = "FILE",
        description = "Images as MNIST has them, such as t10k-images-idx3-ubyte.gz.")
    @Nullable Path idx;

    Targets targets() {
      if (folder != null) {
        return Targets.folder(folder);
      }
      // picocli sees to it that one of them is given.
      Targets.Format format = cifar10 != null ? Targets.Format.CIFAR10 : Targets.Format.IDX;
      Path file = Objects.requireNonNull(cifar10 != null ? cifar10 : idx);
      return new Targets(format, file, Optional.empty(), Optional.empty(), Optional.empty());
    }
  }

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Mixin private final NetworkOption network = new NetworkOption();

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description = "The layer that is the representation. Default: penultimate.")
  private String layer = "penultimate";

  @Option(
      names = "--no-fake-relu",
      description =
          "Without the fake ReLU of some presets: for layers that no ReLU leads to, as in most"
              + " transformers.")
  private boolean noFakeRelu;

  @Mixin private final PreprocessingOptions pixels = new PreprocessingOptions();

  @ArgGroup(multiplicity = "1")
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private Source source;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "How many of the images, the first ones. Default: ${DEFAULT-VALUE}.")
  private int count = 50;

  @Option(
      names = "--preset",
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description =
          "One of ${COMPLETION-CANDIDATES}. May be repeated; the others are compared with the"
              + " first. Default: nanda2023 and fast.")
  private List<String> presets = List.of("nanda2023", "fast");

  @Option(
      names = "--iterations",
      paramLabel = "N",
      description = "Steps of each search, in place of those of its preset.")
  private @Nullable Integer iterations;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Which noise the searches start from. Default: ${DEFAULT-VALUE}.")
  private long seed = 42;

  /** What came of a preset. */
  private record Run(Preset preset, Convergence convergence) {}

  @Override
  public Integer call() throws IOException {
    BadInput.unlessEmpty(Backend.refusal());
    List<Run> runs = new ArrayList<>();
    int images;
    boolean interrupted = false;
    try (Interruption interruption = Interruption.ofThisThread()) {
      List<Preset> chosen = presets.stream().map(Preset::named).toList();
      Network file = network.load();
      ImageSpec input = input(file);
      INDArray targets = source.targets().first(count).read(input);
      images = Math.toIntExact(targets.size(0));
      for (Preset preset : chosen) {
        Run run = run(preset, file, input, targets);
        if (Thread.interrupted()) {
          interrupted = true;
          break;
        }
        runs.add(run);
      }
    } catch (IllegalArgumentException | UnsupportedModelException | IOException e) {
      throw BadInput.of(e);
    }
    if (!runs.isEmpty()) {
      print(runs, images);
    }
    return interrupted ? 130 : 0;
  }

  private static ImageSpec input(Network file) {
    long[] shape =
        file.input()
            .orElseThrow(
                () ->
                    new BadInput(
                        "network %s states no size of its images: expected one that does."
                            .formatted(file)));
    return new ImageSpec((int) shape[0], (int) shape[1], (int) shape[2], 0, 1);
  }

  private Run run(Preset preset, Network file, ImageSpec input, INDArray targets) {
    LayerSelection selection = LayerSelection.of(layer);
    if (preset.layers().fakeRelu() && !noFakeRelu) {
      selection = selection.withFakeRelu();
    }
    InversionOptions options = preset.options(input);
    if (iterations != null) {
      options = options.withIterations(iterations);
    }
    int images = Math.toIntExact(targets.size(0));
    long units = (long) images * (options.iterations() + 1);
    try (RepresentationModel model =
        preset.model(file, selection, input, pixels.preprocessing(), options.regularizer())) {
      INDArray seeds = preset.seeds(input, images, seed);
      Convergence convergence = new Convergence(images);
      Inverter inverter = new Inverter(model, options);
      try (Progress progress = Progress.onScreen(units)) {
        progress.task(preset.toString());
        inverter
            .invert(
                targets,
                seeds,
                convergence.and(iteration -> progress.done(iteration.rows().length)))
            .close();
      }
      return new Run(preset, convergence);
    }
  }

  private void print(List<Run> runs, int images) {
    PrintWriter screen = spec.commandLine().getOut();
    screen.printf(
        Locale.ROOT,
        "%s, %d images; medians, of images that came so near: how many, evaluations, seconds%n%n",
        network.file().getFileName(),
        images);
    screen.printf("%-22s%-12s%-13s", "preset", "evaluations", "distance");
    for (double distance : DISTANCES) {
      screen.printf("%-20s", "to " + distance);
    }
    screen.printf("%s%n", "ratio to " + runs.get(0).preset + ": median, 90 %, not there");
    for (Run run : runs) {
      Convergence c = run.convergence;
      screen.printf(
          Locale.ROOT,
          "%-22s%-12.0f%-13.2g",
          run.preset,
          quantile(images, c::evaluations, 0.5),
          quantile(images, c::lowest, 0.5));
      for (double distance : DISTANCES) {
        screen.printf("%-20s", reached(c, images, distance));
      }
      screen.printf("%s%n", ratios(runs.get(0).convergence, c, images));
    }
    screen.flush();
  }

  private static String reached(Convergence c, int images, double distance) {
    int[] there =
        IntStream.range(0, images).filter(i -> c.evaluationsTo(i, distance).isPresent()).toArray();
    if (there.length == 0) {
      return "0";
    }
    return String.format(
        Locale.ROOT,
        "%d: %.0f, %.2f s",
        there.length,
        quantile(there.length, k -> c.evaluationsTo(there[k], distance).orElseThrow(), 0.5),
        quantile(there.length, k -> c.secondsTo(there[k], distance).orElseThrow(), 0.5));
  }

  private static String ratios(Convergence first, Convergence c, int images) {
    if (first == c) {
      return "";
    }
    long missing =
        IntStream.range(0, images)
            .filter(i -> c.evaluationsTo(i, SLACK * first.lowest(i)).isEmpty())
            .count();
    return "%s, %s, %d"
        .formatted(text(ratio(first, c, images, 0.5)), text(ratio(first, c, images, 0.9)), missing);
  }

  /**
   * Evaluations to within 1 % of the first preset's lowest distance, over those that the first
   * preset itself took; infinite for an image that never was there.
   */
  private static double ratio(Convergence first, Convergence c, int i) {
    double goal = SLACK * first.lowest(i);
    OptionalInt there = c.evaluationsTo(i, goal);
    return there.isEmpty()
        ? Double.POSITIVE_INFINITY
        : (double) there.getAsInt() / first.evaluationsTo(i, goal).orElseThrow();
  }

  private static double ratio(Convergence first, Convergence c, int images, double share) {
    return quantile(images, i -> ratio(first, c, i), share);
  }

  private static String text(double ratio) {
    return Double.isFinite(ratio) ? String.format(Locale.ROOT, "%.3f", ratio) : "none";
  }

  /** A quantile of a number of each image, between two of them their weighted mean. */
  private static double quantile(int images, IntToDoubleFunction number, double share) {
    double[] sorted = IntStream.range(0, images).mapToDouble(number).sorted().toArray();
    double at = share * (images - 1);
    int below = (int) at;
    int above = Math.min(images - 1, below + 1);
    return below == at || sorted[below] == sorted[above] // Both may be infinite.
        ? sorted[below]
        : sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }
}
