package io.metamer.examples;

import io.metamer.examples.Experiment.Penalty;
import io.metamer.examples.Experiment.Subject;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.model.Taps;
import io.metamer.model.UnsupportedModelException;
import io.metamer.perceptual.FeatureDistance;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.perceptual.StructuralSimilarity;
import io.metamer.regularizers.PublishedRegularizers;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The main job: from images and networks to identically represented images and their report. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Inverts networks, and asks whether what they cannot tell apart looks alike.",
      "",
      "Without options: bundled Fashion-MNIST images; two bundled networks of the same"
          + " architecture, one trained in the standard way and one adversarially; three"
          + " regularizers. Writes a report (report.html), a grid of images for each network, the"
          + " images, and results.json."
    })
final class Demo implements Callable<Integer> {

  /** Two of each class. */
  static final int IMAGES = 20;

  /** Steps that reach the tolerance on the bundled networks in the time of a coffee. */
  static final int ITERATIONS = 1000;

  /** A distance is a second network: a step takes about three times as long. */
  private static final int UNITS_WITH_DISTANCE = 3;

  private static final String STANDARD = "fashion_resnet_standard";
  private static final String ROBUST = "fashion_resnet_robust";
  private static final String JUDGE = "fashion_vgg_judge";
  private static final List<String> JUDGE_LAYERS =
      List.of("relu1", "relu2", "relu3", "relu4", "relu5");

  /** What {@code --regularizer} takes: the first three make the demo, the others are published. */
  enum Name {
    NONE,
    TV_L6,
    ADVERSARIAL,
    FREQ,
    FREQ_TV,
    FREQ_BLUR,
    FREQ_LP;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
  }

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description =
          "A folder of PNG and JPEG images, resized and cropped to what the networks take. Default:"
              + " bundled images.")
  private @Nullable Path images;

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "How many images at most: of a folder the first ones by name. Default: "
              + IMAGES
              + " bundled ones, or all of --images.")
  private @Nullable Integer count;

  @Option(
      names = "--network",
      paramLabel = "FILE",
      description =
          "A network to invert in place of the bundled ones: ONNX, Keras (.h5, .keras) or DL4J"
              + " (.zip), told by its contents. May be repeated.")
  private List<Path> networks = List.of();

  @Option(
      names = "--shape",
      split = ",",
      paramLabel = "NUMBER",
      description =
          "The images that --network takes, where its file does not say it: channels, height and"
              + " width, such as 1,28,28.")
  private long @Nullable [] shape;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      defaultValue = "penultimate",
      description =
          "The layer that is the representation: a name, penultimate, logits, or a regular"
              + " expression for several; the command layers lists them. Default:"
              + " ${DEFAULT-VALUE}.")
  private String layer = "penultimate";

  @Mixin private final PreprocessingOptions pixels = new PreprocessingOptions();

  @Option(
      names = "--iterations",
      paramLabel = "N",
      defaultValue = "" + ITERATIONS,
      description = "Steps of a search. Default: ${DEFAULT-VALUE}.")
  private int iterations = ITERATIONS;

  @Option(
      names = "--regularizer",
      paramLabel = "NAME",
      description = "One of ${COMPLETION-CANDIDATES}. May be repeated. Default: the first three.")
  private List<Name> regularizers = List.of(Name.NONE, Name.TV_L6, Name.ADVERSARIAL);

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "42",
      description = "Which noise image the searches start from. Default: ${DEFAULT-VALUE}.")
  private long seed = 42;

  @Option(
      names = "--trajectory",
      description =
          "Also draw each search: an animation of its first images on their way from the seed"
              + " (GIF), and curves of distance, loss and gradient of all (SVG and PNG).")
  private boolean trajectory;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "metamer-demo",
      description =
          "Where the report goes: a new or empty folder, or one of a former run. Default:"
              + " ${DEFAULT-VALUE}.")
  private Path out = Path.of("metamer-demo");

  @Override
  public Integer call() throws IOException {
    BadInput.unlessEmpty(Backend.refusal());
    // With files for a cache ImageIO cannot write after an interrupt: it wants a shutdown hook
    // then.
    ImageIO.setUseCache(false);
    DemoResults results;
    try (Interruption interruption = Interruption.ofThisThread();
        Opened opened = new Opened()) {
      Experiment experiment = prepare(opened);
      try (Progress progress = Progress.onScreen(experiment.units())) {
        results = experiment.run(command(), progress, pictures());
      } catch (IllegalArgumentException e) {
        // What only the first look at the images can tell, such as an all-zero representation.
        throw new BadInput(String.valueOf(e.getMessage()), e);
      }
      write(results);
      say(results);
    }
    return results.interrupted() ? 130 : 0;
  }

  /** Everything that a user can get wrong is looked at here, before any work. */
  private Experiment prepare(Opened opened) throws IOException {
    try {
      if (count != null && count < 1) {
        throw new BadInput("--count %d: expected at least 1 image.".formatted(count));
      }
      if (iterations < 1) {
        throw new BadInput("--iterations %d: expected at least 1 step.".formatted(iterations));
      }
      if (networks.isEmpty()) {
        for (String option : List.of("--preprocessing", "--mean", "--std", "--shape")) {
          if (spec.commandLine().getParseResult().hasMatchedOption(option)) {
            throw new BadInput(
                "%s tells of --network, but there is none: the bundled networks need no such option."
                    .formatted(option));
          }
        }
      }
      if (shape != null && shape.length != 3) {
        throw new BadInput(
            "--shape: expected channels, height and width, got %s."
                .formatted(Arrays.toString(shape)));
      }
      List<Subject> subjects = networks.isEmpty() ? bundled(opened) : given(opened);
      ImageSpec input = subjects.get(0).model().input();
      List<String> names = new ArrayList<>();
      INDArray targets = targets(input, names);
      List<PerceptualDistance> judges = judges(opened, subjects);
      // A judge that cannot take such images says so now and not after a search.
      judges.forEach(
          judge -> judge.between(Nd4j.zeros(input.shape(1)), Nd4j.zeros(input.shape(1))));
      OutputFolder.claim(out);
      return new Experiment(
          targets,
          names,
          Seeds.shared(input, names.size(), seed),
          seed,
          subjects,
          regularizers.stream().distinct().map(name -> penalty(name, judges.get(0))).toList(),
          judges,
          InversionOptions.defaults()
              .withIterations(iterations)
              .withStep(StepRule.normalized(1).withSchedule(Schedule.COSINE)));
    } catch (IllegalArgumentException | UnsupportedModelException | IOException e) {
      throw BadInput.of(e);
    }
  }

  private List<Subject> bundled(Opened opened) throws IOException {
    return List.of(
        subject(opened, "standard", Bundled.network(STANDARD), Preprocessing.fashionMnist()),
        subject(opened, "robust", Bundled.network(ROBUST), Preprocessing.fashionMnist()));
  }

  private List<Subject> given(Opened opened) throws IOException {
    List<Subject> subjects = new ArrayList<>();
    for (Path file : networks) {
      Network network = Network.load(file);
      List<String> taken = subjects.stream().map(Subject::name).toList();
      subjects.add(subject(opened, unused(network.name(), taken), network, pixels.preprocessing()));
    }
    if (subjects.stream().map(s -> s.model().input()).distinct().count() > 1) {
      throw new BadInput(
          "the networks take different images: %s."
              .formatted(
                  subjects.stream()
                      .map(s -> s.name() + " " + s.model().input())
                      .collect(Collectors.joining(", "))));
    }
    return subjects;
  }

  private Subject subject(
      Opened opened, String name, Network network, Preprocessing preprocessing) {
    long[] size =
        Optional.ofNullable(shape)
            .or(network::input)
            .orElseThrow(
                () ->
                    new BadInput(
                        "the file of network %s does not say what size of image it takes: give"
                                .formatted(name)
                            + " --shape, such as 1,28,28."));
    ImageSpec input =
        new ImageSpec(
            Math.toIntExact(size[0]), Math.toIntExact(size[1]), Math.toIntExact(size[2]), 0, 1);
    RepresentationModel model = network.at(layer, input, preprocessing);
    opened.add(model);
    PreprocessingOptions.remark(model.id())
        .ifPresent(remark -> spec.commandLine().getErr().println("metamer: " + remark));
    return new Subject(name, model);
  }

  /** Reads the images, and notes their names. */
  private INDArray targets(ImageSpec input, List<String> names) throws IOException {
    if (images == null) {
      List<String> files = Bundled.images(count == null ? IMAGES : count);
      files.forEach(file -> names.add(withoutEnding(file)));
      return Bundled.read(files, input);
    }
    List<Path> files = Images.files(images);
    List<Path> first =
        files.subList(0, count == null ? files.size() : Math.min(count, files.size()));
    first.forEach(
        file -> names.add(unused(withoutEnding(String.valueOf(file.getFileName())), names)));
    return Images.read(first, input);
  }

  private static String withoutEnding(String file) {
    return file.substring(0, file.lastIndexOf('.'));
  }

  /** The name, numbered if it is taken: files and rows are told apart by it. */
  private static String unused(String name, List<String> taken) {
    String unused = name;
    for (int n = 2; taken.contains(unused); n++) {
      unused = name + "-" + n;
    }
    return unused;
  }

  /**
   * The features of the bundled judge, where the images are of its kind, and structural similarity.
   * The first one is also what the adversarial regularizer works against. A network that is
   * inverted does not judge: it represents what was found like the targets by construction.
   */
  private static List<PerceptualDistance> judges(Opened opened, List<Subject> subjects)
      throws IOException {
    ImageSpec input = subjects.get(0).model().input();
    if (!input.equals(Bundled.SPEC)) {
      return List.of(new StructuralSimilarity());
    }
    Network judge = Bundled.network(JUDGE);
    if (subjects.stream().anyMatch(s -> s.model().id().sha256().equals(judge.sha256()))) {
      return List.of(new StructuralSimilarity());
    }
    Taps taps = judge.taps(JUDGE_LAYERS, input, Preprocessing.fashionMnist());
    opened.add(taps);
    return List.of(FeatureDistance.of(taps, "features of " + JUDGE), new StructuralSimilarity());
  }

  private static Penalty penalty(Name name, PerceptualDistance adversary) {
    return switch (name) {
      case NONE -> penalty(name, Regularizer.none());
      case TV_L6 -> penalty(name, PublishedRegularizers.freqTvL6());
      case FREQ -> penalty(name, PublishedRegularizers.freq());
      case FREQ_TV -> penalty(name, PublishedRegularizers.freqTv());
      case FREQ_BLUR -> penalty(name, PublishedRegularizers.freqBlur());
      case FREQ_LP -> penalty(name, PublishedRegularizers.freqLp());
      case ADVERSARIAL ->
          new Penalty(
              name.toString(),
              UNITS_WITH_DISTANCE,
              (experiment, model) -> experiment.adversarial(model, adversary));
    };
  }

  private static Penalty penalty(Name name, Regularizer regularizer) {
    return new Penalty(name.toString(), 1, (experiment, model) -> regularizer);
  }

  /** Drawn as each search is done: all together might not fit into memory. */
  private Optional<SearchPictures> pictures() throws IOException {
    Path folder = out.resolve("searches");
    if (Files.isDirectory(folder)) {
      OutputFolder.delete(folder);
    }
    return trajectory ? Optional.of(new SearchPictures(folder)) : Optional.empty();
  }

  private void write(DemoResults results) throws IOException {
    OutputFolder.clear(out);
    ResultsJson.write(results, out.resolve("results.json"));
    for (String network : results.networks()) {
      ImageIO.write(
          Grid.of(results, network), "png", out.resolve("grid-" + network + ".png").toFile());
    }
    for (DemoResults.Search search : results.searches()) {
      Path folder = out.resolve("images").resolve(search.network()).resolve(search.regularizer());
      Files.createDirectories(folder);
      for (int i = 0; i < results.targets().size(); i++) {
        Path file = folder.resolve(results.targets().get(i).name() + ".png");
        ImageIO.write(search.images().get(i), "png", file.toFile());
      }
    }
    HtmlReport.write(results, out.resolve("report.html"));
  }

  private void say(DemoResults results) {
    PrintWriter screen = spec.commandLine().getOut();
    screen.print(Table.of(results));
    if (results.interrupted()) {
      screen.printf(
          "%nInterrupted: %d of %d searches done; what was found is in %s%n",
          results.done(), results.planned(), out);
    }
    screen.printf("%nReport: %s%n", out.resolve("report.html").toAbsolutePath().toUri());
    screen.flush();
  }

  /** The command line that gives the same results again. */
  private String command() {
    return "examples/bin/metamer "
        + spec.root().commandLine().getParseResult().originalArgs().stream()
            .map(a -> a.matches("[\\w./,:=+-]+") ? a : "'" + a.replace("'", "'\\''") + "'")
            .collect(Collectors.joining(" "));
  }

  /** Closes what was opened, last first. */
  private static final class Opened implements AutoCloseable {

    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    void add(AutoCloseable resource) {
      resources.push(resource);
    }

    @Override
    public void close() {
      for (AutoCloseable resource : resources) {
        try {
          resource.close();
        } catch (Exception e) {
          throw new IllegalStateException("networks close without checked exceptions", e);
        }
      }
    }
  }
}
