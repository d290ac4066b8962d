package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Transformation;
import io.metamer.image.Transformations;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.Stopping;
import io.metamer.loss.Matching;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.TotalVariation;
import io.metamer.studies.Entry.Fields;
import io.metamer.studies.ForcedChoices.Triples;
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
import java.util.stream.Stream;

/** Descriptions from YAML. */
final class StudyReader {

  /** The heads of LPIPS, as descriptions write them. */
  static final Map<String, Heads> HEADS =
      Map.of("v0.1", Heads.V0_1, "v0.0", Heads.V0_0, "none", Heads.NONE);

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
        entry.fields(
            "networks",
            "regularizers",
            "targets",
            "seeds",
            "search",
            "pairs",
            "chunk",
            "floats",
            "judges",
            "tests");
    List<Subject> networks =
        fields.required("networks").items().stream().map(this::subject).toList();
    List<Penalty> regularizers =
        fields.required("regularizers").items().stream()
            .flatMap(item -> penalties(item).stream())
            .toList();
    Targets targets = targets(fields.required("targets"));
    Start seeds = start(fields.required("seeds"));
    SearchRecipe search =
        fields
            .optional("search")
            .map(StudyReader::search)
            .orElseGet(() -> SearchRecipe.of(SearchRecipe.DEFAULT));
    Optional<Targets> pairs = fields.optional("pairs").map(this::targets);
    int chunk = fields.optional("chunk").map(Entry::whole).orElse(Study.DEFAULT_CHUNK);
    boolean floats = fields.optional("floats").map(Entry::truth).orElse(false);
    List<DistanceRecipe> judges =
        fields
            .optional("judges")
            .map(list -> list.items().stream().map(this::distance).toList())
            .orElse(List.of());
    ForcedChoices choices =
        fields.optional("tests").map(StudyReader::choices).orElseGet(ForcedChoices::defaults);
    return entry.make(
        () ->
            new Study(
                networks,
                regularizers,
                targets,
                seeds,
                search,
                pairs,
                chunk,
                floats,
                judges,
                choices));
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

  /** One, or one for each strength. */
  private List<Penalty> penalties(Entry entry) {
    if (entry.isText()) {
      return List.of(entry.make(() -> Penalty.published(entry.text())));
    }
    Fields fields =
        entry.fields(
            "name",
            "published",
            "distance",
            "terms",
            "strength",
            "transformations",
            "parameterization");
    Optional<String> published = fields.optional("published").map(Entry::text);
    Optional<DistanceRecipe> distance = fields.optional("distance").map(this::distance);
    // What needs a distance has to be told from others, and may be called as it was published.
    String name =
        distance.isPresent() && published.isPresent()
            ? fields.optional("name").map(Entry::text).orElse(published.get())
            : fields.required("name").text();
    List<Term> terms =
        fields
            .optional("terms")
            .map(list -> list.items().stream().map(this::term).toList())
            .orElse(List.of());
    List<Double> strengths =
        fields.optional("strength").map(StudyReader::numbers).orElse(List.of(1.0));
    Transformations transformations =
        fields
            .optional("transformations")
            .map(StudyReader::transformations)
            .orElseGet(Transformations::none);
    boolean fourier =
        fields
            .optional("parameterization")
            .map(e -> e.one(Map.of("pixels", false, "fourier", true)))
            .orElse(false);
    // A list is a sweep, whose members are called after their strengths; one number is not.
    return entry.make(
        () ->
            fields.optional("strength").map(Entry::isList).orElse(false)
                ? strengths.stream()
                    .map(
                        new Penalty(name, published, distance, terms, 1, transformations, fourier)
                            ::atStrength)
                    .toList()
                : List.of(
                    new Penalty(
                        name,
                        published,
                        distance,
                        terms,
                        strengths.get(0),
                        transformations,
                        fourier)));
  }

  private static Transformations transformations(Entry entry) {
    if (entry.isText()) {
      return entry.one(
          Map.of("cifar10", Transformations.cifar10(0), "imagenet", Transformations.imageNet(0)));
    }
    Fields fields = entry.fields("steps", "seed");
    Entry steps = fields.required("steps");
    long seed = fields.optional("seed").map(Entry::seed).orElse(0L);
    return steps.isText()
        ? transformations(steps).withSeed(seed)
        : new Transformations(
            steps.items().stream().map(StudyReader::transformation).toList(), seed);
  }

  private static Transformation transformation(Entry entry) {
    Fields fields = entry.fields("pad", "fill", "jitter", "scale", "rotate");
    String kind = fields.either("pad", "jitter", "scale", "rotate");
    Entry value = fields.required(kind);
    if (kind.equals("pad")) {
      int pixels = value.whole();
      double fill = number(fields, "fill");
      return entry.make(() -> new Transformation.Pad(pixels, fill));
    }
    entry.fields(kind);
    return switch (kind) {
      case "jitter" -> {
        int pixels = value.whole();
        yield value.make(() -> new Transformation.Jitter(pixels));
      }
      case "scale" -> {
        List<Double> factors = numbers(value);
        yield value.make(() -> new Transformation.Scale(factors));
      }
      default -> {
        List<Double> degrees = numbers(value);
        yield value.make(() -> new Transformation.Rotate(degrees));
      }
    };
  }

  private Term term(Entry entry) {
    Fields fields =
        entry.fields(
            "term",
            "weight",
            "beta",
            "perPixel",
            "p",
            "held",
            "center",
            "distance",
            "anchor",
            "coefficient");
    Entry kind = fields.required("term");
    Term term =
        switch (kind.text()) {
          case "tv" -> {
            boolean perPixel = fields.optional("perPixel").map(Entry::truth).orElse(false);
            yield term(entry, "beta", e -> new TotalVariation(e.number(), perPixel), "perPixel");
          }
          case "lp" -> {
            double center = fields.optional("center").map(Entry::number).orElse(0.0);
            yield term(entry, "p", e -> new LpNorm(e.number(), center), "center");
          }
          case "blur" -> term(entry, "held", e -> new Blur(e.truth()));
          case "l1" -> term(entry, "center", e -> new L1(e.number()));
          case "adversarial" -> adversarial(entry);
          default ->
              throw kind.refusal(
                  "expected tv, lp, blur, l1 or adversarial, got \"%s\"".formatted(kind.text()));
        };
    return term;
  }

  private static Term term(
      Entry entry, String parameter, Function<Entry, Regularizer> of, String... more) {
    Fields fields = entry.fields(with(more, "term", "weight", parameter));
    double weight = fields.required("weight").number();
    Entry value = fields.required(parameter);
    return entry.make(() -> Term.of(of.apply(value), weight));
  }

  private Term adversarial(Entry entry) {
    Fields fields = entry.fields("term", "weight", "distance", "anchor", "coefficient");
    double weight = number(fields, "weight");
    DistanceRecipe distance = distance(fields.required("distance"));
    Anchor anchor =
        fields.optional("anchor").map(e -> e.one(words(Anchor.values()))).orElse(Anchor.TARGET);
    Penalty.Coefficient coefficient =
        fields
            .optional("coefficient")
            .map(e -> e.one(words(Penalty.Coefficient.values())))
            .orElse(Penalty.Coefficient.FIXED);
    return entry.make(() -> new Penalty.Adversarial(distance, anchor, coefficient, weight));
  }

  private DistanceRecipe distance(Entry entry) {
    if (entry.isText()) {
      return new DistanceRecipe.OfPixels(
          entry.one(words(DistanceRecipe.OfPixels.Formula.values())));
    }
    Fields kinds = entry.fields("lpips", "dists", "features");
    String kind = kinds.either("lpips", "dists", "features");
    Entry value = kinds.required(kind);
    return switch (kind) {
      case "lpips" -> {
        Fields fields = value.fields("trunk", "heads", "weights");
        Trunk trunk =
            fields.optional("trunk").map(e -> e.one(words(Trunk.values()))).orElse(Trunk.ALEX);
        Heads heads = fields.optional("heads").map(e -> e.one(HEADS)).orElse(Heads.V0_1);
        yield new DistanceRecipe.OfLpips(trunk, heads, path(fields.required("weights")));
      }
      case "dists" -> {
        Fields fields = value.fields("vgg16", "weights");
        yield new DistanceRecipe.OfDists(
            path(fields.required("vgg16")), path(fields.required("weights")));
      }
      default -> {
        Fields fields = value.fields("name", "file", "layers", "preprocessing");
        Path file = path(fields.required("file"));
        String name =
            fields
                .optional("name")
                .map(Entry::text)
                .orElseGet(() -> "features of " + withoutEnding(file));
        Entry layers = fields.required("layers");
        List<String> names =
            layers.isText()
                ? List.of(layers.text())
                : layers.items().stream().map(Entry::text).toList();
        Preprocessing preprocessing = preprocessing(fields.required("preprocessing"));
        yield value.make(() -> new DistanceRecipe.OfFeatures(name, file, names, preprocessing));
      }
    };
  }

  private static ForcedChoices choices(Entry entry) {
    Fields fields = entry.fields("2afc", "clustering", "tolerance", "everyJudge");
    ForcedChoices defaults = ForcedChoices.defaults();
    boolean both = fields.optional("2afc").isEmpty() && fields.optional("clustering").isEmpty();
    Optional<ForcedChoices.TwoAlternatives> twoAlternatives =
        both
            ? defaults.twoAlternatives()
            : fields.optional("2afc").map(StudyReader::twoAlternatives);
    Optional<ForcedChoices.Grids> clustering =
        both ? defaults.clustering() : fields.optional("clustering").map(StudyReader::grids);
    Optional<Double> tolerance = fields.optional("tolerance").map(Entry::number);
    boolean everyJudge = fields.optional("everyJudge").map(Entry::truth).orElse(false);
    return entry.make(() -> new ForcedChoices(twoAlternatives, clustering, tolerance, everyJudge));
  }

  private static ForcedChoices.TwoAlternatives twoAlternatives(Entry entry) {
    Fields fields = entry.fields("seed", "ties");
    Optional<Long> seed =
        fields
            .optional("seed")
            .flatMap(e -> e.isText() && e.text().equals("own") ? Optional.empty() : Optional.of(e))
            .map(Entry::seed);
    boolean tiesCount =
        fields
            .optional("ties")
            .map(e -> e.one(Map.of("wrong", false, "aligned", true)))
            .orElse(false);
    return new ForcedChoices.TwoAlternatives(seed, tiesCount);
  }

  private static ForcedChoices.Grids grids(Entry entry) {
    Fields fields = entry.fields("triples", "repetitions", "seed");
    Optional<Entry> triples = fields.optional("triples");
    List<List<String>> classes =
        triples
            .filter(Entry::isList)
            .map(
                groups ->
                    groups.items().stream()
                        .map(group -> group.items().stream().map(Entry::text).toList())
                        .toList())
            .orElse(List.of());
    Triples kind =
        triples.map(Entry::isList).orElse(false)
            ? Triples.LISTED
            : triples
                .map(e -> e.one(Map.of("random", Triples.RANDOM, "same-class", Triples.SAME_CLASS)))
                .orElse(Triples.RANDOM);
    int repetitions = fields.optional("repetitions").map(Entry::whole).orElse(1);
    long seed = fields.optional("seed").map(Entry::seed).orElse(0L);
    return entry.make(() -> new ForcedChoices.Grids(kind, classes, repetitions, seed));
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
      return entry.make(() -> new Start(Optional.empty(), values));
    }
    Fields fields = entry.fields("kind", "values");
    Optional<Start.Kind> kind = fields.optional("kind").map(e -> e.one(words(Start.Kind.values())));
    List<Long> values = fields.required("values").items().stream().map(Entry::seed).toList();
    return entry.make(() -> new Start(kind, values));
  }

  private static SearchRecipe search(Entry entry) {
    Fields fields =
        entry.fields(
            "preset",
            "matching",
            "partWeights",
            "constraint",
            "step",
            "iterations",
            "stopping",
            "keep",
            "rawSeed",
            "batch",
            "memory",
            "tolerance");
    Preset preset =
        fields
            .optional("preset")
            .map(e -> e.make(() -> Preset.named(e.text())))
            .orElse(SearchRecipe.DEFAULT);
    Optional<Matching> matching =
        fields.optional("matching").map(e -> e.one(words(Matching.values())));
    List<Double> partWeights =
        fields.optional("partWeights").map(StudyReader::numbers).orElse(List.of());
    Optional<Constraint> constraint = fields.optional("constraint").map(StudyReader::constraint);
    Optional<StepRule> step = fields.optional("step").map(StudyReader::step);
    Optional<Integer> iterations = fields.optional("iterations").map(Entry::whole);
    Optional<Stopping> stopping = fields.optional("stopping").map(StudyReader::stopping);
    Optional<Keep> keep = fields.optional("keep").map(e -> e.one(words(Keep.values())));
    Optional<Boolean> rawSeed = fields.optional("rawSeed").map(Entry::truth);
    Optional<Integer> batch = fields.optional("batch").map(Entry::whole);
    Optional<Double> memory = fields.optional("memory").map(Entry::number);
    Optional<Double> tolerance = fields.optional("tolerance").map(Entry::number);
    return entry.make(
        () ->
            new SearchRecipe(
                preset,
                matching,
                partWeights,
                constraint,
                step,
                iterations,
                stopping,
                keep,
                rawSeed,
                batch,
                memory,
                tolerance));
  }

  private static Constraint constraint(Entry entry) {
    if (entry.isText()) {
      return entry.one(Map.of("box", Constraint.box()));
    }
    Fields fields = entry.fields("norm", "radius", "center");
    Constraint.Norm norm = fields.required("norm").one(words(Constraint.Norm.values()));
    double radius = number(fields, "radius");
    Constraint.Center center = fields.required("center").one(words(Constraint.Center.values()));
    return entry.make(() -> new Constraint.Ball(norm, radius, center));
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
    Fields fields = entry.fields(with(parameters, "rule", "size", "schedule"));
    double size = number(fields, "size");
    Schedule schedule =
        fields.optional("schedule").map(StudyReader::schedule).orElse(Schedule.CONSTANT);
    return entry.make(() -> rule.apply(size).withSchedule(schedule));
  }

  private static Schedule schedule(Entry entry) {
    if (entry.isText()) {
      return entry.one(Map.of("constant", Schedule.CONSTANT, "cosine", Schedule.COSINE));
    }
    Fields fields = entry.fields("halving", "rounds", "plateau");
    String kind = fields.either("halving", "rounds", "plateau");
    Entry value = fields.required(kind);
    if (kind.equals("halving")) {
      int rounds = value.whole();
      return value.make(() -> Schedule.halving(rounds));
    }
    if (kind.equals("rounds")) {
      List<Schedule.Round> rounds = value.items().stream().map(StudyReader::round).toList();
      return value.make(() -> new Schedule.Rounds(rounds));
    }
    Fields plateau = value.fields("factor", "patience", "share");
    double factor = number(plateau, "factor");
    int patience = plateau.required("patience").whole();
    double share = number(plateau, "share");
    return value.make(() -> new Schedule.Plateau(factor, patience, share));
  }

  private static Schedule.Round round(Entry entry) {
    Fields fields = entry.fields("steps", "factor");
    int steps = fields.required("steps").whole();
    double factor = number(fields, "factor");
    return entry.make(() -> new Schedule.Round(steps, factor));
  }

  private static Stopping stopping(Entry entry) {
    Fields fields = entry.fields("distance", "patience", "share");
    double distance = fields.optional("distance").map(Entry::number).orElse(0.0);
    fields.optional("share").ifPresent(share -> fields.required("patience"));
    int patience = fields.optional("patience").map(Entry::whole).orElse(0);
    double share = fields.optional("share").map(Entry::number).orElse(0.0);
    return entry.make(() -> new Stopping(distance, patience, share));
  }

  private static String[] with(String[] more, String... keys) {
    return Stream.concat(Stream.of(keys), Stream.of(more)).toArray(String[]::new);
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
