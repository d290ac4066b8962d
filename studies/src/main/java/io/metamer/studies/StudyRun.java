package io.metamer.studies;

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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
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
      Subject subject, Penalty penalty, ImageSpec input, InversionOptions options) {}

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

  private StudyRun(Study study, Path folder) throws IOException {
    this.study = study;
    this.folder = new StudyFolder(folder.toAbsolutePath().normalize());
    this.folder.check();
    targets = TargetFiles.of(study.targets());
    for (Subject subject : study.networks()) {
      Network network = Network.load(subject.file());
      ImageSpec input = input(subject, network);
      for (Penalty penalty : study.regularizers()) {
        Series one = new Series(subject, penalty, input, options(penalty, input));
        try (RepresentationModel model = open(network, one)) {
          classifier(network, one).ifPresent(RepresentationModel::close);
          series.put(one, chunks(model.id(), one));
          models.add(model.id());
        }
      }
    }
  }

  /**
   * Prepares a run: reads networks and images, and computes the keys. Writes nothing.
   *
   * @param study what is to be searched for
   * @param folder where to; it need not exist
   * @return what can be planned and run
   * @throws IOException if a network or an image is missing, damaged or cannot be read, or the
   *     folder holds what no study wrote
   * @throws IllegalArgumentException if a network has no such layer, or takes other images than
   *     there are
   * @throws io.metamer.model.UnsupportedModelException if a network has something that Metamer
   *     cannot run
   */
  public static StudyRun of(Study study, Path folder) throws IOException {
    return new StudyRun(study, folder);
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
   * Looks at what is there, and measures steps of what is missing. Writes nothing.
   *
   * @return what the run will take
   * @throws IOException if the folder, a network or an image cannot be read
   * @throws IllegalArgumentException if a target's representation is zero
   */
  public StudyPlan plan() throws IOException {
    Set<Chunk> missing = new HashSet<>(missing());
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
        int images = left.stream().mapToInt(chunk -> chunk.targets().size()).sum();
        long evaluations = left.stream().mapToLong(Chunk::evaluations).sum();
        parts.add(
            new StudyPlan.Part(
                one.subject.name(),
                one.penalty.name(),
                images,
                measure.batch,
                measure.step,
                evaluations * measure.step / measure.batch));
        memory = Math.max(memory, measure.memory);
        disk += images * (measure.bytes + BYTES_OF_OUTCOME);
      }
    }
    Set<String> runtimes = new LinkedHashSet<>();
    for (Chunk chunk : chunks()) {
      folder.read(chunk).ifPresent(said -> runtimes.add(said.path("versions").asText()));
    }
    runtimes.remove(Provenance.runtime());
    int chunks = chunks().size();
    return new StudyPlan(
        chunks().stream().mapToInt(chunk -> chunk.targets().size()).sum(),
        chunks,
        chunks - missing.size(),
        parts,
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
   *     cannot be written to, or a network or an image has changed meanwhile
   * @throws IllegalArgumentException if a target's representation is zero
   */
  public Outcome run(StudyListener listener) throws IOException {
    try (StudyFolder.Lock lock = folder.lock()) {
      // What is written after an interrupt, such as the table, would be cut short by it.
      boolean interrupted = Thread.interrupted();
      folder.clear();
      folder.write(StudyFolder.DESCRIPTION, study.yaml().getBytes(StandardCharsets.UTF_8));
      Set<Chunk> missing = new LinkedHashSet<>(missing());
      int there = chunks().size() - missing.size();
      Set<Chunk> left = new LinkedHashSet<>(missing);
      try {
        for (Series one : series.keySet()) {
          List<Chunk> chunks = among(one, left);
          if (!chunks.isEmpty() && !interrupted) {
            interrupted = search(one, chunks, left, listener);
          }
        }
      } catch (IOException e) {
        // An interrupt breaks off reading and writing.
        interrupted = Thread.interrupted();
        if (!interrupted) {
          throw e;
        }
      }
      folder.write(
          StudyFolder.RESULTS, Results.csv(folder, chunks()).getBytes(StandardCharsets.UTF_8));
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return new Outcome(there, missing.size() - left.size(), left.size());
    }
  }

  /** Computes some chunks; those written are no longer left. Says whether it was interrupted. */
  private boolean search(Series one, List<Chunk> chunks, Set<Chunk> left, StudyListener listener)
      throws IOException {
    Network network = Network.load(one.subject.file());
    try (RepresentationModel model = open(network, one)) {
      Optional<RepresentationModel> classifier = classifier(network, one);
      try {
        Inverter inverter = inverter(one, model, classifier);
        for (Chunk chunk : chunks) {
          if (search(one, model.id(), inverter, chunk, listener)) {
            left.remove(chunk);
          }
          if (Thread.interrupted()) {
            return true;
          }
        }
        return false;
      } finally {
        classifier.ifPresent(RepresentationModel::close);
      }
    }
  }

  private Inverter inverter(
      Series one, RepresentationModel model, Optional<RepresentationModel> classifier)
      throws IOException {
    Inverter inverter = new Inverter(model, one.options);
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
        boolean interrupted = Thread.interrupted();
        folder.write(chunk, ChunkFiles.of(chunk, result, study.floats()));
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(chunk, e.getMessage()), e);
    }
    listener.written(chunk, folder.at(chunk));
    return true;
  }

  /** What was found in a few steps of a chunk's first images. */
  private record Measure(int batch, double step, long memory, double bytes) {}

  private Measure measure(Series one, Chunk chunk) throws IOException {
    int n = Math.min(one.options.batch(), chunk.targets().size());
    InversionOptions few =
        one.options.withIterations(WARM_UP + MEASURED).withStopping(Stopping.never());
    List<Long> times = new ArrayList<>();
    long[] memory = {0};
    try (RepresentationModel model = open(Network.load(one.subject.file()), one);
        Images images = images(one, chunk.seed(), chunk.first(), n);
        InversionResult result =
            new Inverter(model, few)
                .invert(
                    images.targets,
                    images.seeds,
                    iteration -> {
                      times.add(System.nanoTime());
                      memory[0] = Math.max(memory[0], Pointer.physicalBytes());
                    })) {
      double bytes = 0;
      for (int i = 0; i < n; i++) {
        INDArray image = result.images().slice(i);
        bytes += ChunkFiles.png(image, one.input).length;
        bytes += study.floats() ? image.length() * Float.BYTES : 0;
      }
      return new Measure(n, step(times), memory[0], bytes / n);
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
      return study.search().options(penalty, input);
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
