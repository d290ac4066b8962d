package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.Stopping;
import io.metamer.loss.Matching;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.TotalVariation;
import io.metamer.studies.Entry.Fields;
import io.metamer.studies.Penalty.Term;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Descriptions from YAML. */
final class StudyReader {

  private final Path folder;

  private StudyReader(Path folder) {
    this.folder = folder;
  }

  static Study read(Path file) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    return Entry.read(file, new StudyReader(folder == null ? file : folder)::study);
  }

  private Study study(Entry entry) {
    Fields fields =
        entry.fields("networks", "regularizers", "targets", "seeds", "search", "chunk", "floats");
    List<Subject> networks =
        fields.required("networks").items().stream().map(this::subject).toList();
    List<Penalty> regularizers =
        fields.required("regularizers").items().stream().map(StudyReader::penalty).toList();
    Targets targets = targets(fields.required("targets"));
    Start seeds = start(fields.required("seeds"));
    SearchRecipe search =
        fields
            .optional("search")
            .map(StudyReader::search)
            .orElseGet(() -> SearchRecipe.preset(SearchRecipe.DEFAULT));
    int chunk = fields.optional("chunk").map(Entry::whole).orElse(Study.DEFAULT_CHUNK);
    boolean floats = fields.optional("floats").map(Entry::truth).orElse(false);
    return entry.make(
        () -> new Study(networks, regularizers, targets, seeds, search, chunk, floats));
  }

  private Subject subject(Entry entry) {
    Fields fields =
        entry.fields("name", "file", "layer", "fakeRelu", "preprocessing", "classifier", "shape");
    Path file = path(fields.required("file"));
    String name = fields.optional("name").map(Entry::text).orElseGet(() -> withoutEnding(file));
    Optional<LayerSelection> layers = fields.optional("layer").map(StudyReader::layers);
    Optional<Entry> fakeRelu = fields.optional("fakeRelu");
    if (fakeRelu.isPresent() && layers.isEmpty()) {
      throw fakeRelu.get().refusal("expected a layer beside it");
    }
    Optional<LayerSelection> selection =
        fakeRelu.map(Entry::truth).orElse(false)
            ? layers.map(LayerSelection::withFakeRelu)
            : layers;
    Preprocessing preprocessing = preprocessing(fields.required("preprocessing"));
    Optional<ImageSpec> shape = fields.optional("shape").map(StudyReader::shape);
    Optional<String> classifier = fields.optional("classifier").map(Entry::text);
    return entry.make(() -> new Subject(name, file, selection, preprocessing, classifier, shape));
  }

  private static LayerSelection layers(Entry entry) {
    if (entry.isText()) {
      return LayerSelection.of(entry.text());
    }
    if (entry.isList()) {
      List<String> names = entry.items().stream().map(Entry::text).toList();
      return entry.make(() -> LayerSelection.of(names));
    }
    List<LayerSelection.Part> parts =
        entry.byKey().entrySet().stream()
            .map(
                e -> {
                  double weight = e.getValue().number();
                  return e.getValue().make(() -> new LayerSelection.Part(e.getKey(), weight));
                })
            .toList();
    return entry.make(() -> new LayerSelection(parts, false));
  }

  private static Preprocessing preprocessing(Entry entry) {
    if (entry.isText()) {
      return entry.make(() -> Preprocessing.named(entry.text()));
    }
    Fields fields = entry.fields("mean", "std", "scale", "order");
    List<Double> mean = numbers(fields.required("mean"));
    List<Double> std = numbers(fields.required("std"));
    double scale = fields.optional("scale").map(Entry::number).orElse(1.0);
    Preprocessing.Order order =
        fields
            .optional("order")
            .map(e -> e.one(Map.of("RGB", Preprocessing.Order.RGB, "BGR", Preprocessing.Order.BGR)))
            .orElse(Preprocessing.Order.RGB);
    return entry.make(() -> new Preprocessing(mean, std, scale, order));
  }

  private static List<Double> numbers(Entry entry) {
    return entry.isText()
        ? List.of(entry.number())
        : entry.items().stream().map(Entry::number).toList();
  }

  private static ImageSpec shape(Entry entry) {
    List<Integer> sizes = entry.items().stream().map(Entry::whole).toList();
    if (sizes.size() != 3) {
      throw entry.refusal("expected channels, height and width, got " + sizes);
    }
    return entry.make(() -> new ImageSpec(sizes.get(0), sizes.get(1), sizes.get(2), 0, 1));
  }

  private static Penalty penalty(Entry entry) {
    if (entry.isText()) {
      return entry.make(() -> Penalty.published(entry.text()));
    }
    Fields fields = entry.fields("name", "terms");
    String name = fields.required("name").text();
    List<Term> terms =
        fields
            .optional("terms")
            .map(list -> list.items().stream().map(StudyReader::term).toList())
            .orElse(List.of());
    return entry.make(() -> new Penalty(name, terms));
  }

  private static Term term(Entry entry) {
    Entry kind = entry.fields("term", "weight", "beta", "p", "held", "center").required("term");
    Term term =
        switch (kind.text()) {
          case "tv" -> term(entry, "beta", e -> new TotalVariation(e.number()));
          case "lp" -> term(entry, "p", e -> new LpNorm(e.number()));
          case "blur" -> term(entry, "held", e -> new Blur(e.truth()));
          case "l1" -> term(entry, "center", e -> new L1(e.number()));
          default ->
              throw kind.refusal("expected tv, lp, blur or l1, got \"%s\"".formatted(kind.text()));
        };
    return term;
  }

  private static Term term(Entry entry, String parameter, Function<Entry, Regularizer> of) {
    Fields fields = entry.fields("term", "weight", parameter);
    double weight = fields.required("weight").number();
    Entry value = fields.required(parameter);
    return entry.make(() -> new Term(of.apply(value), weight));
  }

  private Targets targets(Entry entry) {
    Fields fields = entry.fields("folder", "cifar10", "idx", "labels", "count", "shuffle");
    String format = fields.either("folder", "cifar10", "idx");
    Path path = path(fields.required(format));
    Optional<Path> labels = fields.optional("labels").map(this::path);
    Optional<Integer> count = fields.optional("count").map(Entry::whole);
    Optional<Long> shuffle = fields.optional("shuffle").map(Entry::seed);
    return entry.make(
        () ->
            new Targets(
                Targets.Format.valueOf(format.toUpperCase(Locale.ROOT)),
                path,
                labels,
                count,
                shuffle));
  }

  private static Start start(Entry entry) {
    if (entry.isList()) {
      List<Long> values = entry.items().stream().map(Entry::seed).toList();
      return entry.make(() -> new Start(Start.Kind.SHARED, values));
    }
    Fields fields = entry.fields("kind", "values");
    Start.Kind kind =
        fields
            .optional("kind")
            .map(e -> e.one(words(Start.Kind.values())))
            .orElse(Start.Kind.SHARED);
    List<Long> values = fields.required("values").items().stream().map(Entry::seed).toList();
    return entry.make(() -> new Start(kind, values));
  }

  private static SearchRecipe search(Entry entry) {
    Fields fields =
        entry.fields(
            "preset",
            "matching",
            "step",
            "iterations",
            "stopping",
            "keep",
            "rawSeed",
            "batch",
            "tolerance");
    String preset = fields.optional("preset").map(Entry::text).orElse(SearchRecipe.DEFAULT);
    Optional<Matching> matching =
        fields.optional("matching").map(e -> e.one(words(Matching.values())));
    Optional<StepRule> step = fields.optional("step").map(StudyReader::step);
    Optional<Integer> iterations = fields.optional("iterations").map(Entry::whole);
    Optional<Stopping> stopping = fields.optional("stopping").map(StudyReader::stopping);
    Optional<Keep> keep = fields.optional("keep").map(e -> e.one(words(Keep.values())));
    Optional<Boolean> rawSeed = fields.optional("rawSeed").map(Entry::truth);
    Optional<Integer> batch = fields.optional("batch").map(Entry::whole);
    Optional<Double> tolerance = fields.optional("tolerance").map(Entry::number);
    return entry.make(
        () ->
            new SearchRecipe(
                preset, matching, step, iterations, stopping, keep, rawSeed, batch, tolerance));
  }

  private static StepRule step(Entry entry) {
    Entry kind =
        entry
            .fields(
                "rule",
                "size",
                "schedule",
                "decay",
                "beta1",
                "beta2",
                "epsilon",
                "history",
                "first")
            .required("rule");
    return switch (kind.text()) {
      case "normalized" -> sized(entry, StepRule::normalized);
      case "sign" -> sized(entry, StepRule::sign);
      case "gradient" -> sized(entry, StepRule::gradient);
      case "momentum" -> {
        double decay = number(entry.fields("rule", "size", "schedule", "decay"), "decay");
        yield sized(entry, size -> new StepRule.Momentum(size, decay, Schedule.CONSTANT), "decay");
      }
      case "adam" -> {
        Fields fields = entry.fields("rule", "size", "schedule", "beta1", "beta2", "epsilon");
        double beta1 = number(fields, "beta1");
        double beta2 = number(fields, "beta2");
        double epsilon = number(fields, "epsilon");
        yield sized(
            entry,
            size -> new StepRule.Adam(size, beta1, beta2, epsilon, Schedule.CONSTANT),
            "beta1",
            "beta2",
            "epsilon");
      }
      case "lbfgs" -> {
        Fields fields = entry.fields("rule", "history", "first");
        int history = fields.required("history").whole();
        double first = number(fields, "first");
        yield entry.make(() -> new StepRule.Lbfgs(history, first));
      }
      default ->
          throw kind.refusal(
              "expected normalized, sign, gradient, momentum, adam or lbfgs, got \"%s\""
                  .formatted(kind.text()));
    };
  }

  private static StepRule sized(
      Entry entry, Function<Double, StepRule> rule, String... parameters) {
    String[] known =
        Arrays.copyOf(new String[] {"rule", "size", "schedule"}, 3 + parameters.length);
    System.arraycopy(parameters, 0, known, 3, parameters.length);
    Fields fields = entry.fields(known);
    double size = number(fields, "size");
    Schedule schedule =
        fields.optional("schedule").map(StudyReader::schedule).orElse(Schedule.CONSTANT);
    return entry.make(() -> rule.apply(size).withSchedule(schedule));
  }

  private static Schedule schedule(Entry entry) {
    if (entry.isText()) {
      return entry.one(Map.of("constant", Schedule.CONSTANT, "cosine", Schedule.COSINE));
    }
    Fields fields = entry.fields("halving", "plateau");
    Entry value = fields.required(fields.either("halving", "plateau"));
    if (fields.optional("halving").isPresent()) {
      int rounds = value.whole();
      return value.make(() -> Schedule.halving(rounds));
    }
    Fields plateau = value.fields("factor", "patience", "share");
    double factor = number(plateau, "factor");
    int patience = plateau.required("patience").whole();
    double share = number(plateau, "share");
    return value.make(() -> new Schedule.Plateau(factor, patience, share));
  }

  private static Stopping stopping(Entry entry) {
    Fields fields = entry.fields("distance", "patience", "share");
    double distance = fields.optional("distance").map(Entry::number).orElse(0.0);
    int patience = fields.optional("patience").map(Entry::whole).orElse(0);
    double share = fields.optional("share").map(Entry::number).orElse(0.0);
    return entry.make(() -> new Stopping(distance, patience, share));
  }

  private static double number(Fields fields, String key) {
    return fields.required(key).number();
  }

  private Path path(Entry entry) {
    try {
      return folder.resolve(entry.text());
    } catch (InvalidPathException e) {
      throw entry.refusal("expected a path, got \"%s\"".formatted(entry.text()));
    }
  }

  /** As descriptions write the values of an enumeration: {@code gray-noise}. */
  static <E extends Enum<E>> Map<String, E> words(E[] values) {
    return Arrays.stream(values).collect(Collectors.toMap(StudyReader::word, e -> e));
  }

  static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String withoutEnding(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }
}
