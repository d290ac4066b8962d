package io.metamer.studies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.NullDistribution;
import io.metamer.inversion.Provenance;
import io.metamer.inversion.StopReason;
import io.metamer.inversion.Stopping;
import io.metamer.model.LayerSelection;
import io.metamer.model.ModelId;
import io.metamer.model.Network;
import io.metamer.model.RepresentationModel;
import io.metamer.network.Cost;
import io.metamer.network.MachineSpeed;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A study and the folder that its images go to.
 *
 * <p>Chunks that are there are skipped, and a chunk that is not there as a whole is computed from
 * its start. So a run that is killed at any moment and made again leaves the same bytes as one that
 * ran through, on the same machine with the same backend, engine and number of threads; only {@code
 * times.json} of each chunk differs. The folder holds
 *
 * <ul>
 *   <li>{@code study.yaml}, the description with its paths in full
 *   <li>{@code NETWORK/REGULARIZER/seed-SEED/chunk-INDEX-KEY/}: an 8-bit PNG for each image, {@code
 *       chunk.json} with the whole key, the options, the outcomes, the certificates and where the
 *       images came from, {@code times.json}, and {@code images.npy} where floats are kept
 *   <li>{@code results.csv}, a row for each image, made anew from the chunks
 *   <li>{@code measured/}, what judges found, where the description has judges
 * </ul>
 *
 * <p>A chunk's key is the SHA-256 of what its images depend on: the network's hash, layer and
 * preprocessing, all options, the pixels of its targets and seeds and of the random pairs, their
 * names, the classifier, and how many images make a chunk. It does not hold the version of Metamer,
 * the engine, the backend or the number of threads, which {@code chunk.json} names: after an update
 * a study goes on.
 *
 * <p>Not for use by several threads at a time.
 *
 * @see Study
 * @since 0.1
 */
public final class StudyRun {

  private static final int WARM_UP = 2;
  private static final int MEASURED = 5;

  /**
   * Steps of fewer seconds are measured twice: of short ones, the first few are slow in a virtual
   * machine that has not compiled its code yet.
   */
  private static final double SHORT = 0.1;

  /** What chunk.json takes for an image, more or less. */
  private static final int BYTES_OF_OUTCOME = 1_000;

  /** One network with one regularizer: what their chunks share. */
  private record Series(
      Subject subject, Penalty penalty, ImageSpec input, InversionOptions options) {

    /** With a batch that the memory has room for. */
    Series within(long bytes, RepresentationModel model) {
      return new Series(subject, penalty, input, options.withBatchWithin(bytes, model));
    }
  }

  /**
   * How far a run came.
   *
   * @param there chunks that were there before
   * @param written chunks that were computed
   * @param left chunks that are missing, since the thread was interrupted
   */
  public record Outcome(int there, int written, int left) {}

  private final Study study;
  private final StudyFolder folder;
  private final TargetFiles targets;
  private final Map<Series, List<Chunk>> series = new LinkedHashMap<>();
  private final Set<ModelId> models = new LinkedHashSet<>();
  private final Map<String, Digests> digests = new HashMap<>();

  private final Map<ImageSpec, String> pairs = new HashMap<>();

  /** What penalties rest on, and the judges, for each kind of images. */
  private final Map<Described, DescribedDistance> distances = new LinkedHashMap<>();

  private record Described(DistanceRecipe recipe, ImageSpec images) {}

  /** By network and first target, the chunks whose targets are known to have representations. */
  private final Set<String> withGoals = new HashSet<>();

  private StudyRun(Study study, Path folder) throws IOException {
    this.study = study;
    this.folder = new StudyFolder(folder.toAbsolutePath().normalize());
    this.folder.check();
    targets = TargetFiles.of(study.targets());
    if (!study.judges().isEmpty()) {
      study.choices().clustering().ifPresent(grids -> grids.check(targets.names()));
    }
    for (Subject subject : study.networks()) {
      Network network = Network.load(subject.file());
      ImageSpec input = input(subject, network);
      for (DistanceRecipe judge : study.judges()) {
        describe("judges", judge, input);
      }
      requireDifferent(judges(input));
      for (Penalty penalty : study.regularizers()) {
        for (DistanceRecipe distance : penalty.distances()) {
          describe("regularizer " + penalty.name(), distance, input);
        }
        Series asked = new Series(subject, penalty, input, options(penalty, input));
        try (RepresentationModel model = open(network, asked)) {
          Series one = asked.within(study.search().budget(), model);
          check(one, model);
          classifier(network, one).ifPresent(RepresentationModel::close);
          series.put(one, chunks(model.id(), one));
          models.add(model.id());
        }
      }
    }
  }

  /** Opens a distance once, so that what is wrong with it is said before any search. */
  private void describe(String where, DistanceRecipe recipe, ImageSpec images) throws IOException {
    Described key = new Described(recipe, images);
    if (!distances.containsKey(key)) {
      try {
        distances.put(key, new DescribedDistance(recipe, images));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("%s: %s".formatted(where, e.getMessage()), e);
      } catch (FileSystemException e) {
        throw e; // It names the file.
      } catch (IOException e) {
        throw new IOException("%s: %s".formatted(where, e.getMessage()), e);
      }
    }
  }

  private DescribedDistance described(DistanceRecipe recipe, ImageSpec images) {
    return Objects.requireNonNull(distances.get(new Described(recipe, images)));
  }

  private List<DescribedDistance> judges(ImageSpec images) {
    return study.judges().stream().map(judge -> described(judge, images)).toList();
  }

  private static void requireDifferent(List<DescribedDistance> judges) {
    List<String> names = judges.stream().map(DescribedDistance::name).toList();
    if (names.stream().distinct().count() < names.size()
        || judges.stream().distinct().count() < judges.size()) {
      throw new IllegalArgumentException(
          "judges: expected distances that differ, and names too, got " + names);
    }
  }

  /** What a search would refuse, or the writing of what it found. */
  private static void check(Series one, RepresentationModel model) {
    int channels = one.input.channels();
    if (channels != 1 && channels != 3) {
      throw new IllegalArgumentException(
          "network %s: expected images of 1 or 3 channels, which PNG files keep, got %d"
              .formatted(one.subject.name(), channels));
    }
    int weights = one.options.partWeights().size();
    if (weights > 0 && weights != model.parts().size()) {
      throw new IllegalArgumentException(
          "network %s: expected a weight for each of the parts %s, got %s"
              .formatted(one.subject.name(), model.parts(), one.options.partWeights()));
    }
  }

  /**
   * Prepares a run: reads networks and images, and computes the keys. Writes nothing.
   *
   * @param study what is to be searched for
   * @param folder where to; it need not exist
   * @return what can be planned and run
   * @throws InterruptedIOException if the thread is interrupted; it stays interrupted
   * @throws IOException if a network or an image is missing, damaged or cannot be read, or the
   *     folder holds what no study wrote
   * @throws IllegalArgumentException if a network has no such layer, or takes other images than
   *     there are
   * @throws io.metamer.model.UnsupportedModelException if a network has something that Metamer
   *     cannot run
   */
  public static StudyRun of(Study study, Path folder) throws IOException {
    try {
      return new StudyRun(study, folder);
    } catch (IOException e) {
      throw interrupted(e);
    }
  }

  /** An interrupt breaks off reading in many ways. */
  private static IOException interrupted(IOException e) {
    if (!Thread.currentThread().isInterrupted() || e instanceof InterruptedIOException) {
      return e;
    }
    InterruptedIOException interrupted = new InterruptedIOException("interrupted");
    interrupted.initCause(e);
    return interrupted;
  }

  /**
   * What is inverted.
   *
   * @return each network at its layer, in the order of the description
   */
  public List<ModelId> models() {
    return List.copyOf(models);
  }

  /**
   * All chunks, in the order in which they are computed: by network, regularizer, seed and targets.
   *
   * @return at least one
   */
  public List<Chunk> chunks() {
    return series.values().stream().flatMap(List::stream).toList();
  }

  /**
   * The chunks that are not in the folder as a whole.
   *
   * @return in the order of {@link #chunks}
   * @throws IOException if the folder cannot be read
   */
  public List<Chunk> missing() throws IOException {
    List<Chunk> missing = new ArrayList<>();
    for (Chunk chunk : chunks()) {
      if (folder.read(chunk).isEmpty()) {
        missing.add(chunk);
      }
    }
    return missing;
  }

  /**
   * The images of a chunk that is there.
   *
   * @param chunk one of {@link #chunks}
   * @return its targets, seeds and what was found; the caller's, to be closed
   * @throws IOException if it is not there as a whole, or a file cannot be read
   * @throws IllegalArgumentException if the chunk is none of this run
   */
  public ChunkImages images(Chunk chunk) throws IOException {
    Series one =
        series.entrySet().stream()
            .filter(entry -> entry.getValue().contains(chunk))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(
                () -> new IllegalArgumentException("expected a chunk of this run, got " + chunk));
    ObjectNode said =
        folder
            .read(chunk)
            .orElseThrow(() -> new IOException("%s is not there as a whole".formatted(chunk)));
    List<Path> files = folder.images(chunk, said);
    Images images = images(one, chunk.seed(), chunk.first(), chunk.targets().size());
    return new ChunkImages(
        one.input, images.targets, images.seeds, io.metamer.image.Images.read(files, one.input));
  }

  /**
   * Looks at what is there, and measures steps of what is missing. Writes nothing.
   *
   * @return what the run will take
   * @throws InterruptedIOException if the thread is interrupted; it stays interrupted
   * @throws IOException if the folder, a network or an image cannot be read
   * @throws IllegalArgumentException if a network represents a target of a missing chunk by nothing
   *     but zeros, to which no distance is relative
   */
  public StudyPlan plan() throws IOException {
    try {
      return measured();
    } catch (UncheckedIOException e) {
      throw interrupted(cause(e));
    } catch (IOException e) {
      throw interrupted(e);
    } finally {
      release();
    }
  }

  private static IOException cause(UncheckedIOException e) {
    return Objects.requireNonNull(e.getCause());
  }

  /** Frees the networks of distances, which are opened again when they are used. */
  private void release() {
    distances.values().forEach(DescribedDistance::close);
  }

  private StudyPlan measured() throws IOException {
    Set<Chunk> missing = new HashSet<>();
    Set<String> runtimes = new LinkedHashSet<>();
    for (Chunk chunk : chunks()) {
      folder
          .read(chunk)
          .ifPresentOrElse(
              said -> runtimes.add(said.path("versions").asText()), () -> missing.add(chunk));
    }
    runtimes.remove(Provenance.runtime());
    requireGoals(missing);
    List<StudyPlan.Part> parts = new ArrayList<>();
    long memory = 0;
    double disk = 0;
    for (Series one : series.keySet()) {
      List<Chunk> left = among(one, missing);
      if (!left.isEmpty()) {
        Measure measure = measure(one, left.get(0));
        if (measure.step < SHORT) {
          measure = measure(one, left.get(0));
        }
        if (Thread.currentThread().isInterrupted()) {
          throw new InterruptedIOException("interrupted");
        }
        int images = left.stream().mapToInt(chunk -> chunk.targets().size()).sum();
        long evaluations = left.stream().mapToLong(Chunk::evaluations).sum();
        parts.add(
            new StudyPlan.Part(
                one.subject.name(),
                one.penalty.name(),
                images,
                measure.batch,
                measure.step,
                measure.cost,
                evaluations * measure.step / measure.batch));
        memory = Math.max(memory, measure.memory);
        disk += images * (measure.bytes + BYTES_OF_OUTCOME);
      }
    }
    int chunks = chunks().size();
    return new StudyPlan(
        chunks().stream().mapToInt(chunk -> chunk.targets().size()).sum(),
        chunks,
        chunks - missing.size(),
        parts,
        // Last: its arrays are not what the study needs.
        parts.isEmpty() ? Optional.empty() : Optional.of(MachineSpeed.measure()),
        memory,
        Math.round(disk),
        others(),
        List.copyOf(runtimes));
  }

  /**
   * Computes and writes what is missing, then the table of results. Ends early, without the chunk
   * that it was at, if the thread is interrupted; it stays interrupted.
   *
   * @param listener is told of chunks and iterations
   * @return how far it came
   * @throws IOException if somebody else writes to the folder, it holds what no study wrote, it
   *     cannot be written to, or a network or an image has changed meanwhile; the table then has
   *     what was found before
   * @throws IllegalArgumentException if a network represents a target of a missing chunk by nothing
   *     but zeros, to which no distance is relative
   */
  public Outcome run(StudyListener listener) throws IOException {
    try (StudyFolder.Lock lock = folder.lock()) {
      Set<Chunk> missing =
          whole(
              () -> {
                folder.clear();
                folder.write(
                    StudyFolder.DESCRIPTION, study.yaml().getBytes(StandardCharsets.UTF_8));
                return new LinkedHashSet<>(missing());
              });
      Set<Chunk> left = new LinkedHashSet<>(missing);
      try {
        requireGoals(missing);
        for (Series one : series.keySet()) {
          search(one, left, listener);
        }
      } catch (UncheckedIOException e) {
        throw cause(e);
      } catch (IOException e) {
        if (!Thread.currentThread().isInterrupted()) {
          throw e;
        }
      } finally {
        release();
        whole(
            () -> {
              folder.write(
                  StudyFolder.RESULTS,
                  Results.csv(folder, chunks()).getBytes(StandardCharsets.UTF_8));
              return left;
            });
      }
      return new Outcome(
          chunks().size() - missing.size(), missing.size() - left.size(), left.size());
    }
  }

  /**
   * Asks the judges about all chunks that are there, and writes what they found to {@code
   * measured/}: {@code scores.csv}, a row for each search, test and judge; {@code pooled.csv}, for
   * each network and regularizer; {@code differences.csv}, for each two networks; and all of them
   * as {@code scores.json}. What was answered before is not asked again, and gives the same bytes.
   *
   * <p>A judge is held out where the search's penalty rests on it, or where it is made of the
   * network that was inverted, unless the description asks for every judge.
   *
   * @param listener is told of answers
   * @return the scores
   * @throws InterruptedIOException if the thread is interrupted; it stays interrupted, and what was
   *     answered is kept
   * @throws IOException if somebody else writes to the folder, it cannot be written to, or a file
   *     cannot be read
   * @throws IllegalStateException if the study has no judges, no chunk is there, or there are too
   *     few images for any test
   */
  public StudyScores measure(StudyListener listener) throws IOException {
    if (study.judges().isEmpty()) {
      throw new IllegalStateException("expected judges in the description, there are none");
    }
    try (StudyFolder.Lock lock = folder.lock()) {
      List<Inverted> found = inverted();
      if (found.isEmpty()) {
        throw new IllegalStateException("expected images to judge, no chunk is there");
      }
      Judging judging = new Judging(study, folder, targets);
      int all = found.size() * study.judges().size() * judging.designs();
      int[] done = {0};
      List<Verdict> verdicts = new ArrayList<>();
      for (Inverted search : found) {
        verdicts.addAll(
            judging.verdicts(
                search,
                judges(search.input()),
                (of, judge) -> listener.answered(of.toString(), judge, ++done[0], all)));
      }
      if (verdicts.isEmpty()) {
        throw new IllegalStateException(
            "expected at least three images for clustering, which is all that judges are asked");
      }
      StudyScores scores = Pooling.scores(verdicts);
      Map<String, byte[]> files =
          new LinkedHashMap<>(ScoreFiles.of(scores, judges(found.get(0).input())));
      List<Table> tables = new ArrayList<>(StudyTables.of(scores));
      tables.addAll(StudyTables.published());
      files.put("tables.md", Table.markdown(tables).getBytes(StandardCharsets.UTF_8));
      files.put("tables.tex", Table.latex(tables).getBytes(StandardCharsets.UTF_8));
      files.put("tables.html", Table.html(tables).getBytes(StandardCharsets.UTF_8));
      Map<String, Panels> charts = new LinkedHashMap<>();
      charts.put("alignment", StudyCharts.alignment(scores));
      charts.put("frontier", StudyCharts.frontier(study, scores));
      charts.put("published", StudyCharts.published());
      charts.forEach(
          (name, panels) -> {
            files.put(name + ".svg", panels.svg());
            files.put(name + ".png", panels.png());
          });
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        folder.write(StudyFolder.MEASURED + "/" + file.getKey(), file.getValue());
      }
      int missing = chunks().size() - found.stream().mapToInt(s -> s.chunks().size()).sum();
      String report =
          new StudyReport(study, folder, targets, found, scores, StudyReport.MOST_BYTES)
              .html(charts, judges(found.get(0).input()), missing);
      folder.write(StudyFolder.REPORT, report.getBytes(StandardCharsets.UTF_8));
      return scores;
    } catch (UncheckedIOException e) {
      throw interrupted(cause(e));
    } catch (IOException e) {
      throw interrupted(e);
    } finally {
      release();
    }
  }

  /** What is there of each network, regularizer and seed; of what nothing is there, nothing. */
  List<Inverted> inverted() throws IOException {
    List<Inverted> found = new ArrayList<>();
    for (Map.Entry<Series, List<Chunk>> entry : series.entrySet()) {
      Series one = entry.getKey();
      for (long seed : study.seeds().values()) {
        Map<Chunk, ObjectNode> chunks = new LinkedHashMap<>();
        for (Chunk chunk : entry.getValue()) {
          if (chunk.seed() == seed) {
            folder.read(chunk).ifPresent(said -> chunks.put(chunk, said));
          }
        }
        if (!chunks.isEmpty()) {
          found.add(
              new Inverted(
                  one.subject,
                  one.penalty,
                  seed,
                  one.input,
                  one.options.regularizer().distances(),
                  study.choices().tolerance().orElse(one.options.tolerance()),
                  chunks));
        }
      }
    }
    return found;
  }

  /** Reads and writes. */
  private interface Work<T> {
    T done() throws IOException;
  }

  /** Work that an interrupt may not break off: then it is done again, and the thread stays so. */
  private static <T> T whole(Work<T> work) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return work.done();
        } catch (IOException e) {
          if (!Thread.interrupted()) {
            throw e;
          }
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Refuses targets of missing chunks to which no distance is relative, by name and before any
   * search: a search would refuse them too, after all those before it.
   */
  private void requireGoals(Set<Chunk> missing) throws IOException {
    List<String> zero = new ArrayList<>();
    for (Map.Entry<Series, List<Chunk>> entry : series.entrySet()) {
      List<Chunk> unknown =
          entry.getValue().stream()
              .filter(missing::contains)
              .filter(chunk -> withGoals.add("%s %d".formatted(chunk.network(), chunk.first())))
              .toList();
      if (unknown.isEmpty()) {
        continue;
      }
      Series one = entry.getKey();
      try (RepresentationModel model = open(Network.load(one.subject.file()), one)) {
        for (Chunk chunk : unknown) {
          int n = chunk.targets().size();
          try (INDArray images = targets.read(chunk.first(), chunk.first() + n, one.input)) {
            double[] norms =
                model.represent(images).castTo(DataType.DOUBLE).norm2(1).toDoubleVector();
            for (int i = 0; i < n; i++) {
              if (norms[i] == 0) {
                zero.add("%s by network %s".formatted(chunk.targets().get(i), chunk.network()));
              }
            }
          }
        }
      }
    }
    if (!zero.isEmpty()) {
      withGoals.clear();
      throw new IllegalArgumentException(
          "targets: expected images whose representation is not all zero, to which distances are"
              + " relative; all zero are "
              + String.join(", ", zero));
    }
  }

  /** Computes the chunks of a series that are left, until the thread is interrupted. */
  private void search(Series one, Set<Chunk> left, StudyListener listener) throws IOException {
    List<Chunk> chunks = among(one, left);
    if (chunks.isEmpty() || Thread.currentThread().isInterrupted()) {
      return;
    }
    Network network = Network.load(one.subject.file());
    try (RepresentationModel model = open(network, one)) {
      Optional<RepresentationModel> classifier = classifier(network, one);
      try {
        Inverter inverter = inverter(one, one.options, model, classifier);
        for (Chunk chunk : chunks) {
          if (!Thread.currentThread().isInterrupted()
              && search(one, model.id(), inverter, chunk, listener)) {
            left.remove(chunk);
          }
        }
      } finally {
        classifier.ifPresent(RepresentationModel::close);
      }
    }
  }

  private Inverter inverter(
      Series one,
      InversionOptions options,
      RepresentationModel model,
      Optional<RepresentationModel> classifier)
      throws IOException {
    Inverter inverter = new Inverter(model, options);
    if (classifier.isPresent()) {
      inverter = inverter.withClassifier(classifier.get());
    }
    if (study.pairs().isPresent()) {
      try (INDArray images = study.pairs().get().read(one.input)) {
        inverter = inverter.withNull(NullDistribution.of(model, images));
      }
    }
    return inverter;
  }

  /** Whether the chunk was written: not if the thread was interrupted before its search ended. */
  private boolean search(
      Series one, ModelId model, Inverter inverter, Chunk chunk, StudyListener listener)
      throws IOException {
    listener.begins(chunk);
    try (Images images = images(one, chunk.seed(), chunk.first(), chunk.targets().size())) {
      String key =
          key(model, one, Sha256.of(images.targets), Sha256.of(images.seeds), chunk.targets());
      if (!key.equals(chunk.key())) {
        throw new IOException(
            "%s: the network or the images changed while the study ran; start it again"
                .formatted(chunk));
      }
      try (InversionResult result =
          inverter.invert(
              images.targets, images.seeds, iteration -> listener.evaluated(chunk, iteration))) {
        if (result.outcomes().stream().anyMatch(o -> o.stop() == StopReason.INTERRUPTED)) {
          return false;
        }
        whole(
            () -> {
              folder.write(chunk, ChunkFiles.of(chunk, result, study.floats()));
              return chunk;
            });
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(chunk, e.getMessage()), e);
    }
    listener.written(chunk, folder.at(chunk));
    return true;
  }

  /** What was found in a few steps of a chunk's first images. */
  private record Measure(int batch, double step, Cost cost, long memory, double bytes) {}

  private Measure measure(Series one, Chunk chunk) throws IOException {
    int n = Math.min(one.options.batch(), chunk.targets().size());
    InversionOptions few =
        one.options.withIterations(WARM_UP + MEASURED).withStopping(Stopping.never());
    List<Long> times = new ArrayList<>();
    long[] memory = {0};
    Network network = Network.load(one.subject.file());
    Optional<RepresentationModel> classifier = classifier(network, one);
    try (RepresentationModel model = open(network, one);
        Images images = images(one, chunk.seed(), chunk.first(), n);
        InversionResult result =
            inverter(one, few, model, classifier)
                .invert(
                    images.targets,
                    images.seeds,
                    iteration -> {
                      times.add(System.nanoTime());
                      memory[0] = Math.max(memory[0], Pointer.physicalBytes());
                    })) {
      memory[0] = Math.max(memory[0], Pointer.physicalBytes());
      double bytes = 0;
      for (int i = 0; i < n; i++) {
        INDArray image = result.images().slice(i);
        bytes += ChunkFiles.png(image, one.input).length;
        bytes += study.floats() ? image.length() * Float.BYTES : 0;
      }
      return new Measure(n, step(times), model.cost().orElseThrow(), memory[0], bytes / n);
    } finally {
      classifier.ifPresent(RepresentationModel::close);
    }
  }

  /** Seconds of a step: the median of those after the first ones. */
  private static double step(List<Long> times) {
    double[] steps =
        IntStream.range(0, times.size() - 1)
            .mapToDouble(i -> (times.get(i + 1) - times.get(i)) * 1e-9)
            .toArray();
    if (steps.length == 0) {
      return 0; // All images diverged at once.
    }
    double[] measured =
        Arrays.stream(steps).skip(Math.min(WARM_UP, steps.length - 1)).sorted().toArray();
    return measured[measured.length / 2];
  }

  private List<Path> others() throws IOException {
    Set<Path> ours = new HashSet<>();
    chunks().forEach(chunk -> ours.add(folder.at(chunk)));
    return folder.chunks().stream().filter(path -> !ours.contains(path)).toList();
  }

  private List<Chunk> among(Series one, Set<Chunk> some) {
    return Objects.requireNonNull(series.get(one)).stream().filter(some::contains).toList();
  }

  private List<Chunk> chunks(ModelId model, Series one) throws IOException {
    List<String> names = targets.names();
    List<Chunk> chunks = new ArrayList<>();
    for (long seed : study.seeds().values()) {
      for (int first = 0; first < names.size(); first += study.chunk()) {
        List<String> some = names.subList(first, Math.min(names.size(), first + study.chunk()));
        Digests pixels = digests(one, seed, first, some.size());
        chunks.add(
            new Chunk(
                one.subject.name(),
                one.penalty.name(),
                seed,
                first / study.chunk(),
                first,
                some,
                some.size() * (one.options.iterations() + 1L),
                key(model, one, pixels.targets, pixels.seeds, some)));
      }
    }
    return chunks;
  }

  /** Hashes of the pixels of a chunk. */
  private record Digests(String targets, String seeds) {}

  /** Networks that take the same images share what is computed here. */
  private Digests digests(Series one, long seed, int first, int n) throws IOException {
    String which = "%s %s %d %d".formatted(one.input, one.penalty.fourier(), seed, first);
    Digests known = digests.get(which);
    if (known == null) {
      try (Images images = images(one, seed, first, n)) {
        known = new Digests(Sha256.of(images.targets), Sha256.of(images.seeds));
      }
      digests.put(which, known);
    }
    return known;
  }

  /** The hash of the images of random pairs; empty where a chunk's targets are taken. */
  private String pairs(ImageSpec input) throws IOException {
    if (study.pairs().isPresent() && !pairs.containsKey(input)) {
      try (INDArray images = study.pairs().get().read(input)) {
        pairs.put(input, Sha256.of(images));
      }
    }
    return pairs.getOrDefault(input, "");
  }

  private String key(ModelId model, Series one, String targets, String seeds, List<String> names)
      throws IOException {
    List<String> text = new ArrayList<>();
    text.add("chunk of images, format " + ChunkFiles.FORMAT);
    text.add("network " + model.sha256());
    text.add("layer " + model.layer());
    text.add("classifier " + one.subject.classifier());
    text.add("preprocessing " + model.preprocessing());
    text.add("images " + one.input);
    text.add("options " + one.options);
    text.add("targets " + targets);
    text.add("seeds " + seeds);
    text.add("pairs " + pairs(one.input));
    text.add("images of a chunk " + study.chunk());
    text.add("floats " + study.floats());
    names.forEach(name -> text.add("name of %d: %s".formatted(name.length(), name)));
    return Sha256.of(String.join("\n", text).getBytes(StandardCharsets.UTF_8));
  }

  /** Targets and seeds of a chunk. */
  private record Images(INDArray targets, INDArray seeds) implements AutoCloseable {
    @Override
    public void close() {
      targets.close();
      seeds.close();
    }
  }

  private Images images(Series one, long seed, int first, int n) throws IOException {
    return new Images(
        targets.read(first, first + n, one.input),
        study.seeds().seeds(preset(), one.penalty.fourier(), one.input, first, n, seed));
  }

  private Preset preset() {
    return study.search().preset();
  }

  private InversionOptions options(Penalty penalty, ImageSpec input) {
    try {
      return study.search().options(penalty, input, distance -> described(distance, input));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "regularizer %s: %s".formatted(penalty.name(), e.getMessage()), e);
    }
  }

  private ImageSpec input(Subject subject, Network network) {
    if (subject.shape().isPresent()) {
      return subject.shape().get();
    }
    long[] shape =
        network
            .input()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "network %s: its file does not say what size of image it takes; expected a shape, such as [3, 32, 32]"
                            .formatted(subject.name())));
    return new ImageSpec(
        Math.toIntExact(shape[0]), Math.toIntExact(shape[1]), Math.toIntExact(shape[2]), 0, 1);
  }

  private RepresentationModel open(Network network, Series one) {
    Subject subject = one.subject;
    LayerSelection layers = subject.layers().orElseGet(() -> preset().layers());
    try {
      return preset()
          .model(network, layers, one.input, subject.preprocessing(), one.options.regularizer());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "network %s at %s%s: %s"
              .formatted(
                  subject.name(),
                  layers,
                  subject.layers().isPresent() ? "" : ", the layers of preset " + preset(),
                  e.getMessage()),
          e);
    }
  }

  private static Optional<RepresentationModel> classifier(Network network, Series one) {
    return one.subject
        .classifier()
        .map(layer -> network.at(layer, one.input, one.subject.preprocessing()));
  }
}
