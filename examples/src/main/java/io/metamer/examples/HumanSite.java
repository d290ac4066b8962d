package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.metrics.human.HumanStudy;
import io.metamer.metrics.human.Presentation;
import io.metamer.metrics.human.Section;
import io.metamer.metrics.human.StudyKey;
import io.metamer.metrics.human.Task;
import io.metamer.model.UnsupportedModelException;
import io.metamer.studies.Chunk;
import io.metamer.studies.ChunkImages;
import io.metamer.studies.Study;
import io.metamer.studies.StudyRun;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** A website that asks people about the images of a study. */
@Command(
    name = "human-study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Makes a website that asks people about the images of a finished study: 2AFC and clustering.",
      "",
      "It needs no server: put the folder site on any web host, or open its index.html. Keep key.json,"
          + " which tells what is right: human-answers reads answers with it.",
      "",
      "Each network and regularizer of the study is a section of its own; people see their images"
          + " mixed. Everybody answers every trial: choose few sections for one site."
    },
    footer = {
      "",
      "Example:",
      "  metamer human-study fashion-study --consent consent.txt --regularizer reg_free --out human",
      "",
      "More: docs/running-a-human-study.md."
    })
final class HumanSite implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Parameters(paramLabel = "DIR", description = "The folder of a study: study --out DIR.")
  private Path folder = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Where site and key.json go: a new or empty folder.")
  private Path out = Path.of("");

  @Option(
      names = "--consent",
      required = true,
      paramLabel = "FILE",
      description =
          "What people agree to before they begin: plain text in UTF-8, paragraphs parted by empty"
              + " lines.")
  private Path consent = Path.of("");

  @Option(
      names = "--title",
      paramLabel = "TEXT",
      defaultValue = "Which images look alike?",
      description = "The title that people see. Default: ${DEFAULT-VALUE}")
  private String title = "";

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "2AFC or clustering; may be repeated. Default: both.")
  private List<String> tasks = List.of();

  @Option(
      names = "--network",
      paramLabel = "NAME",
      description = "Only this network; may be repeated.")
  private List<String> networks = List.of();

  @Option(
      names = "--regularizer",
      paramLabel = "NAME",
      description = "Only this regularizer; may be repeated.")
  private List<String> regularizers = List.of();

  @Option(names = "--targets", paramLabel = "N", description = "Only the first N targets.")
  private int targets = Integer.MAX_VALUE;

  @Option(
      names = "--practice",
      paramLabel = "N",
      description = "Screens of each task to practise on. Default: ${DEFAULT-VALUE}.")
  private int practice = Presentation.DEFAULT_PRACTICE;

  @Option(
      names = "--check-every",
      paramLabel = "N",
      description = "Screens for each attention check. Default: ${DEFAULT-VALUE}.")
  private int checkEvery = Presentation.DEFAULT_CHECK_EVERY;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      description =
          "Seconds that a choice takes, for the time that people are told. Default:"
              + " ${DEFAULT-VALUE}.")
  private double seconds = Presentation.DEFAULT_SECONDS;

  @Option(
      names = "--pixelated",
      description = "Enlarge images in squares, not smoothed by the browser.")
  private boolean pixelated;

  @Option(
      names = "--post-to",
      paramLabel = "URL",
      description = "Also send answers there, as a POST of JSON.")
  private @Nullable URI postTo;

  @Option(
      names = "--return-to",
      paramLabel = "URL",
      description = "Where people go afterwards, such as Prolific's completion page.")
  private @Nullable URI returnTo;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description =
          "Decides practice, checks, triples and the names of files. Default: drawn; the key holds"
              + " it.")
  private @Nullable Long seed;

  @Override
  public Integer call() throws IOException {
    BadInput.unlessEmpty(Backend.refusal());
    StudyKey key;
    try {
      Presentation presentation = presentation();
      String agreed = Files.readString(consent);
      key = new HumanStudy(title, agreed, sections(presentation.seed()), presentation).write(out);
    } catch (IllegalArgumentException | UnsupportedModelException | IOException e) {
      throw BadInput.of(e);
    }
    PrintWriter screen = spec.commandLine().getOut();
    key.sections().forEach(screen::println);
    screen.printf(
        Locale.ROOT,
        "%d choices for each person, about %d min at %s s each%nSite: %s%nKey, not to be published: %s%n",
        key.choices(),
        key.minutes(),
        seconds,
        out.resolve(HumanStudy.SITE).resolve("index.html").toAbsolutePath().normalize().toUri(),
        out.resolve(HumanStudy.KEY));
    screen.flush();
    return 0;
  }

  private Presentation presentation() {
    Presentation presentation =
        Presentation.defaults()
            .withScreens(practice, checkEvery)
            .withSeconds(seconds)
            .withPixelated(pixelated)
            .withSeed(seed == null ? new SecureRandom().nextLong() : seed);
    if (postTo != null) {
      presentation = presentation.withPostTo(postTo);
    }
    return returnTo == null ? presentation : presentation.withReturnTo(returnTo);
  }

  /** One network with one regularizer. */
  private record Series(String network, String regularizer) {}

  private List<Section> sections(long seed) throws IOException {
    Set<Task> asked = new LinkedHashSet<>();
    for (String task : tasks) {
      asked.add(
          Stream.of(Task.values())
              .filter(t -> t.toString().equalsIgnoreCase(task))
              .findFirst()
              .orElseThrow(
                  () -> new BadInput("--task %s: expected 2AFC or clustering.".formatted(task))));
    }
    if (asked.isEmpty()) {
      asked.addAll(List.of(Task.values()));
    }
    if (targets < 1) {
      throw new BadInput("--targets %d: expected at least 1.".formatted(targets));
    }
    StudyRun run = StudyRun.of(Study.read(folder.resolve("study.yaml")), folder);
    List<Chunk> chunks = chosen(run);
    Map<Series, List<Chunk>> series = new LinkedHashMap<>();
    for (Chunk chunk : chunks) {
      series
          .computeIfAbsent(new Series(chunk.network(), chunk.regularizer()), s -> new ArrayList<>())
          .add(chunk);
    }
    List<Section> sections = new ArrayList<>();
    for (Task task : asked) {
      for (Map.Entry<Series, List<Chunk>> entry : series.entrySet()) {
        String name =
            "%s, %s, %s".formatted(entry.getKey().network, entry.getKey().regularizer, task);
        sections.add(section(name, task, run, entry.getValue(), seed));
      }
    }
    return sections;
  }

  /** The chunks asked for, which have to be there. */
  private List<Chunk> chosen(StudyRun run) throws IOException {
    known("--network", networks, run.chunks().stream().map(Chunk::network).distinct().toList());
    known(
        "--regularizer",
        regularizers,
        run.chunks().stream().map(Chunk::regularizer).distinct().toList());
    List<Chunk> chunks =
        run.chunks().stream()
            .filter(c -> networks.isEmpty() || networks.contains(c.network()))
            .filter(c -> regularizers.isEmpty() || regularizers.contains(c.regularizer()))
            .filter(c -> c.first() < targets)
            .toList();
    List<Chunk> missing = run.missing().stream().filter(chunks::contains).toList();
    if (!missing.isEmpty()) {
      throw new BadInput(
          "%s lacks %d of %d chunks, the first is %s; finish it with metamer study."
              .formatted(folder, missing.size(), chunks.size(), missing.get(0)));
    }
    return chunks;
  }

  private static void known(String option, List<String> names, List<String> all) {
    for (String name : names) {
      if (!all.contains(name)) {
        throw new BadInput(
            "%s %s: expected one of %s.".formatted(option, name, String.join(", ", all)));
      }
    }
  }

  /**
   * The trials about the images from all seeds: those from one after those from another. A target
   * stays one target, whatever the seed.
   */
  private Section section(String name, Task task, StudyRun run, List<Chunk> chunks, long seed)
      throws IOException {
    List<Long> seeds = chunks.stream().map(Chunk::seed).distinct().toList();
    int n =
        chunks.stream()
            .filter(c -> c.seed() == seeds.get(0))
            .mapToInt(c -> Math.min(targets - c.first(), c.targets().size()))
            .sum();
    Map<Stimulus, BufferedImage> pictures = new HashMap<>();
    for (Chunk chunk : chunks) {
      try (ChunkImages images = run.images(chunk)) {
        int from = seeds.indexOf(chunk.seed()) * n;
        for (int i = 0; i < chunk.targets().size() && chunk.first() + i < n; i++) {
          int target = chunk.first() + i;
          pictures.put(Stimulus.target(target), picture(images.targets(), i, images.spec()));
          pictures.put(Stimulus.seed(from + target), picture(images.seeds(), i, images.spec()));
          pictures.put(Stimulus.iri(from + target), picture(images.found(), i, images.spec()));
        }
      }
    }
    List<Trial> once =
        task == Task.CLUSTERING
            ? new Clustering(seed).trials(n)
            : new TwoAlternativeForcedChoice().trials(n);
    List<Trial> trials = new ArrayList<>();
    for (int s = 0; s < seeds.size(); s++) {
      for (Trial trial : once) {
        trials.add(moved(trial, s * n, "%s-seed-%d".formatted(trial.id(), seeds.get(s))));
      }
    }
    return new Section(
        name, task, trials, stimulus -> Objects.requireNonNull(pictures.get(stimulus)));
  }

  private static BufferedImage picture(INDArray images, int i, ImageSpec spec) {
    return Images.toBufferedImage(images.slice(i), spec);
  }

  /** The same question about the image from another seed. */
  private static Trial moved(Trial trial, int by, String id) {
    return new Trial(
        id,
        Stimulus.iri(trial.query().index() + by),
        trial.alternatives().stream()
            .map(a -> a.kind() == Stimulus.Kind.SEED ? Stimulus.seed(a.index() + by) : a)
            .toList(),
        trial.correct(),
        trial.block());
  }
}
