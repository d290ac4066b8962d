package io.metamer.studies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.samskivert.mustache.Mustache;
import io.metamer.metrics.Estimate;
import io.metamer.metrics.Holm;
import io.metamer.studies.StudyScores.Difference;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Part;
import io.metamer.studies.StudyScores.Pooled;
import io.metamer.studies.StudyScores.Row;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A study on one HTML page that needs nothing else. Its layout is the template {@code report.html};
 * the records here are what the template names.
 */
final class StudyReport {

  /** Of pictures as they are in files: what a browser opens without waiting. */
  static final long MOST_BYTES = 32L << 20;

  /** Means of the same answers, summed in another order, differ by less. */
  private static final double ROUNDING = 1e-9;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Study study;
  private final StudyFolder folder;
  private final TargetFiles targets;
  private final List<Inverted> found;
  private final StudyScores scores;
  private final long mostBytes;

  StudyReport(
      Study study,
      StudyFolder folder,
      TargetFiles targets,
      List<Inverted> found,
      StudyScores scores,
      long mostBytes) {
    this.mostBytes = mostBytes;
    this.study = study;
    this.folder = folder;
    this.targets = targets;
    this.found = found;
    this.scores = scores;
  }

  private record Page(
      String css,
      String script,
      String title,
      String lead,
      String unfinished,
      List<String> findings,
      List<Chart> charts,
      String tables,
      String published,
      String tolerance,
      List<Entry> tests,
      List<String> exclusions,
      String leftOut,
      String command,
      String description,
      List<Origin> origins,
      String data) {}

  private record Chart(
      String name, String picture, String alt, int width, int height, String note) {}

  private record Origin(String name, List<Entry> entries) {}

  private record Entry(String name, String value) {}

  /** The pictures, and how many were left out. */
  private record Pictures(String json, int leftOut) {}

  /**
   * The page.
   *
   * @param missing chunks that are not there
   */
  String html(Map<String, Panels> charts, List<DescribedDistance> judges, int missing)
      throws IOException {
    Pictures pictures = pictures();
    int images = found.stream().mapToInt(search -> search.targets().size()).sum();
    Page page =
        new Page(
            resource("report.css"),
            resource("report.js"),
            title(),
            lead(images),
            missing == 0
                ? ""
                : "This study is not finished: %d chunks are not there, and all that is said here is of the others."
                    .formatted(missing),
            findings(images),
            charts(charts),
            Table.html(StudyTables.of(scores)),
            Table.html(StudyTables.published()),
            found.stream()
                .map(search -> Double.toString(search.tolerance()))
                .distinct()
                .collect(Collectors.joining(" or ")),
            tests(),
            exclusions(),
            pictures.leftOut == 0
                ? ""
                : "The last %d images are left out of this page, which would grow too large; they are in the study's folder."
                    .formatted(pictures.leftOut),
            "metamer study %s --out DIR".formatted(StudyFolder.DESCRIPTION),
            study.yaml(),
            origins(judges),
            pictures.json);
    return Mustache.compiler()
        .emptyStringIsFalse(true)
        .compile(resource("report.html"))
        .execute(page);
  }

  private String title() {
    List<String> names = study.networks().stream().map(Subject::name).toList();
    return "How aligned are the invariances of %s?"
        .formatted(names.size() > 3 ? names.size() + " networks" : joined(names));
  }

  private String lead(int images) {
    return "%s: for each target, a search that starts from noise looked for another image that the network represents in the same way. %s looked at what was found."
        .formatted(
            "%d images of %s, %s, %s and %s"
                .formatted(
                    images,
                    counted(study.networks().size(), "network"),
                    counted(study.regularizers().size(), "regularizer"),
                    counted(targets.names().size(), "target"),
                    counted(study.seeds().values().size(), "seed")),
            capital(counted(study.judges().size(), "judge")));
  }

  // In words.

  private List<String> findings(int images) {
    List<String> findings = new ArrayList<>();
    String first = scores.pooled().get(0).test();
    int matched =
        scores.pooled().stream()
            .filter(cell -> cell.test().equals(first) && cell.images() == Images.MATCHED)
            .mapToInt(Pooled::n)
            .sum();
    findings.add(
        "%d of %d images (%.0f %%) are matched: the network represents them as it represents their targets, within the tolerance. The others may be unaligned because the search had not come to its end."
            .formatted(matched, images, 100.0 * matched / images));
    for (String test : StudyTables.distinct(scores.pooled(), Pooled::test)) {
      for (Images of : Images.values()) {
        findings.addAll(extremes(test, of));
      }
    }
    for (String test : StudyTables.distinct(scores.pooled(), Pooled::test)) {
      order(test).ifPresent(findings::add);
    }
    List<Difference> pooled =
        scores.differences().stream().filter(d -> d.judge().isEmpty()).toList();
    if (!pooled.isEmpty()) {
      double[] corrected = Holm.adjusted(pooled.stream().mapToDouble(Difference::p).toArray());
      findings.add(
          "Of %s of networks, %d differ with p below 0.05 after Holm's correction for all of them; the table corrects within one regularizer and test."
              .formatted(
                  counted(pooled.size(), "comparison"),
                  Arrays.stream(corrected).filter(p -> p < 0.05).count()));
    }
    if (scores.pooled().stream().map(Pooled::heldOut).distinct().count() > 1) {
      findings.add(
          "Not all cells have the same judges, since some were held out (see Exclusions): compare such cells judge by judge.");
    }
    return findings;
  }

  /** The most and the least aligned cell. */
  private List<String> extremes(String test, Images images) {
    List<Pooled> cells =
        scores.pooled().stream()
            .filter(cell -> cell.test().equals(test) && cell.images() == images)
            .filter(cell -> cell.estimate().isPresent())
            .sorted(Comparator.comparingDouble(StudyReport::value))
            .toList();
    if (cells.size() < 2) {
      return List.of();
    }
    Pooled least = cells.get(0);
    Pooled most = cells.get(cells.size() - 1);
    return List.of(
        "%s, %s images: most aligned is %s with %s (%s), least %s with %s (%s)."
            .formatted(
                capital(test),
                images == Images.ALL ? "all" : "matched",
                most.network(),
                most.regularizer(),
                shown(most),
                least.network(),
                least.regularizer(),
                shown(least)));
  }

  /** Whether the regularizer changes how networks are ranked. */
  private Optional<String> order(String test) {
    Map<String, List<String>> orders = new LinkedHashMap<>();
    for (String regularizer : StudyTables.distinct(scores.pooled(), Pooled::regularizer)) {
      List<Pooled> cells =
          scores.pooled().stream()
              .filter(cell -> cell.test().equals(test) && cell.images() == Images.ALL)
              .filter(cell -> cell.regularizer().equals(regularizer))
              .filter(cell -> cell.estimate().isPresent())
              .sorted(Comparator.comparingDouble(StudyReport::value).reversed())
              .toList();
      if (cells.size() > 1) {
        orders.computeIfAbsent(order(cells), of -> new ArrayList<>()).add(regularizer);
      }
    }
    if (orders.values().stream().mapToInt(List::size).sum() < 2) {
      return Optional.empty();
    }
    if (orders.size() == 1) {
      Map.Entry<String, List<String>> all = orders.entrySet().iterator().next();
      return Optional.of(
          "%s ranks the networks alike with %s: %s."
              .formatted(capital(test), joined(all.getValue()), all.getKey()));
    }
    return Optional.of(
        "The regularizer changes how %s ranks the networks: %s. Whether two differ by more than chance, the table of networks compared says."
            .formatted(
                test,
                orders.entrySet().stream()
                    .map(entry -> "%s with %s".formatted(entry.getKey(), joined(entry.getValue())))
                    .collect(Collectors.joining("; "))));
  }

  private static String order(List<Pooled> cells) {
    StringBuilder text = new StringBuilder(cells.get(0).network());
    for (int i = 1; i < cells.size(); i++) {
      boolean level = value(cells.get(i - 1)) - value(cells.get(i)) <= ROUNDING;
      text.append(level ? " level with " : " before ").append(cells.get(i).network());
    }
    return text.toString();
  }

  private static double value(Pooled cell) {
    return cell.estimate().orElseThrow().value();
  }

  private static String shown(Pooled cell) {
    Estimate estimate = cell.estimate().orElseThrow();
    return String.format(
        Locale.ROOT,
        "%.0f %% [%.0f, %.0f], n = %d",
        100 * estimate.value(),
        100 * estimate.interval().low(),
        100 * estimate.interval().high(),
        cell.n());
  }

  // Plots, tests, exclusions.

  private static List<Chart> charts(Map<String, Panels> charts) {
    List<Chart> shown = new ArrayList<>();
    charts.forEach(
        (name, panels) -> {
          String note =
              switch (name) {
                case "alignment" ->
                    "Points are means over judges and seeds, bars 95 % intervals over targets; dashed is chance.";
                case "frontier" ->
                    "Where a penalty was given in several strengths, a line joins them in their order. Farther left is nearer to the target in representation, higher is more aligned.";
                default ->
                    "The published networks, without a regularizer; dashed, where people and LPIPS agree.";
              };
          String title =
              switch (name) {
                case "alignment" -> "Alignment by network and regularizer";
                case "frontier" -> "Alignment against feature error";
                default -> "People against LPIPS, Nanda et al. (2023)";
              };
          shown.add(
              new Chart(
                  title,
                  "data:image/svg+xml;base64," + Base64.getEncoder().encodeToString(panels.svg()),
                  title + ". The numbers are in the tables.",
                  panels.all(),
                  panels.height(),
                  note));
        });
    return shown;
  }

  private List<Entry> tests() {
    List<Entry> tests = new ArrayList<>();
    study
        .choices()
        .twoAlternatives()
        .ifPresent(
            two ->
                tests.add(
                    new Entry(
                        "2AFC",
                        "How often a judge finds the image more like its target than like %s. Chance 50 %%; a tie counts as %s."
                            .formatted(
                                two.seed()
                                    .map(seed -> "noise of seed " + seed)
                                    .orElse("the seed that it was made from"),
                                two.tiesCount() ? "aligned, as released" : "not aligned"))));
    study
        .choices()
        .clustering()
        .ifPresent(
            grids ->
                tests.add(
                    new Entry(
                        "clustering",
                        "How often a judge picks the right target of three. Chance 33 %%; triples %s, in %s, from seed %d."
                            .formatted(
                                switch (grids.triples()) {
                                  case RANDOM -> "of any targets";
                                  case SAME_CLASS -> "of one class";
                                  case LISTED -> "of the classes " + grids.classes();
                                },
                                counted(grids.repetitions(), "repetition"),
                                grids.seed()))));
    return tests;
  }

  private List<String> exclusions() {
    List<String> exclusions = new ArrayList<>();
    Set<String> heldOut = new LinkedHashSet<>();
    for (Row row : scores.rows()) {
      if (row.part() != Part.NONE) {
        heldOut.add(
            "%s %s of %s with %s: %s."
                .formatted(
                    row.judge(),
                    row.score().isPresent() || study.choices().everyJudge()
                        ? "was asked all the same"
                        : "was held out",
                    row.network(),
                    row.regularizer(),
                    row.part() == Part.REGULARIZER
                        ? "the penalty rests on it"
                        : "it is made of the network that was inverted"));
      }
    }
    exclusions.addAll(heldOut.isEmpty() ? List.of("No judge took part in a search.") : heldOut);
    if (study.choices().clustering().isPresent()
        && scores.rows().stream().noneMatch(row -> row.test().startsWith("clustering"))) {
      exclusions.add("Clustering was not asked: it takes three images at least.");
    }
    Map<String, List<Inverted>> cells =
        found.stream()
            .collect(
                Collectors.groupingBy(
                    search -> "%s, %s".formatted(search.subject().name(), search.penalty().name()),
                    LinkedHashMap::new,
                    Collectors.toList()));
    cells.forEach(
        (name, searches) -> {
          long far =
              searches.stream()
                  .flatMap(s -> s.distances().stream().filter(d -> !(d <= s.tolerance())))
                  .count();
          int all = searches.stream().mapToInt(s -> s.targets().size()).sum();
          if (far > 0) {
            exclusions.add(
                "%s: %d of %s not matched; in \"all\", not in \"matched\"."
                    .formatted(name, far, counted(all, "image")));
          }
        });
    return exclusions;
  }

  // Where it comes from.

  private List<Origin> origins(List<DescribedDistance> judges) {
    List<Origin> origins = new ArrayList<>();
    Set<String> versions = new LinkedHashSet<>();
    Map<String, List<Entry>> networks = new LinkedHashMap<>();
    for (Inverted search : found) {
      search.said().forEach(said -> versions.add(said.path("versions").asText()));
      List<Entry> entries =
          networks.computeIfAbsent(search.subject().name(), name -> new ArrayList<>());
      ObjectNode said = search.said().findFirst().orElseThrow();
      if (entries.isEmpty()) {
        entries.add(new Entry("File", String.valueOf(search.subject().file().getFileName())));
        entries.add(new Entry("SHA-256", search.network()));
        entries.add(new Entry("Layer", said.path("model").path("layer").asText()));
        entries.add(
            new Entry("Preprocessing", said.path("model").path("preprocessing").toString()));
      }
      entries.add(
          new Entry(
              "%s, seed %d".formatted(search.penalty().name(), search.seed()),
              "penalty %s; %s iterations, %s; targets %s, seeds %s"
                  .formatted(
                      said.path("options").path("regularizer").asText(),
                      said.path("options").path("iterations").asText(),
                      said.path("options").path("step").asText(),
                      abbreviated(said.path("targetsSha256").asText()),
                      abbreviated(said.path("seedsSha256").asText()))));
    }
    List<Entry> all = new ArrayList<>();
    all.add(
        new Entry(
            "Description, SHA-256", Sha256.of(study.yaml().getBytes(StandardCharsets.UTF_8))));
    all.add(
        new Entry(
            "Chunks, SHA-256 of their keys",
            Sha256.ofText(
                found.stream()
                    .flatMap(search -> search.chunks().keySet().stream())
                    .map(Chunk::key)
                    .toArray(String[]::new))));
    versions.forEach(version -> all.add(new Entry("Versions", version)));
    origins.add(new Origin("Study", all));
    origins.add(
        new Origin(
            "Judges",
            judges.stream()
                .map(
                    judge ->
                        new Entry(
                            judge.name(),
                            judge.card()
                                + (judge.sha256().isEmpty()
                                    ? ""
                                    : "; SHA-256 of its weights " + judge.sha256())))
                .toList()));
    networks.forEach((name, entries) -> origins.add(new Origin("Network " + name, entries)));
    return origins;
  }

  private static String abbreviated(String sha256) {
    return sha256.length() > 12 ? sha256.substring(0, 12) + "…" : sha256;
  }

  // The images.

  /** The first images of every search, then the second ones, as long as there is room. */
  private Pictures pictures() throws IOException {
    Map<String, Integer> numbers = new HashMap<>();
    ObjectNode root = JSON.createObjectNode();
    ArrayNode pictures = root.putArray("pictures");
    ArrayNode images = root.putArray("images");
    long bytes = 0;
    int leftOut = 0;
    int longest = found.stream().mapToInt(search -> search.targets().size()).max().orElse(0);
    Map<Inverted, List<Shown>> shown = new LinkedHashMap<>();
    for (Inverted search : found) {
      shown.put(search, shown(search));
    }
    for (int i = 0; i < longest; i++) {
      for (Map.Entry<Inverted, List<Shown>> entry : shown.entrySet()) {
        if (i < entry.getValue().size()) {
          Shown one = entry.getValue().get(i);
          if (bytes >= mostBytes) {
            leftOut++;
            continue;
          }
          byte[] png = Files.readAllBytes(folder.at(one.chunk).resolve(one.file()));
          ObjectNode image = image(entry.getKey(), one.said);
          for (Map.Entry<String, byte[]> picture :
              List.of(
                  Map.entry("target", target(entry.getKey(), one)),
                  Map.entry("start", start(entry.getKey(), one)),
                  Map.entry("found", png))) {
            String text = Base64.getEncoder().encodeToString(picture.getValue());
            Integer number = numbers.get(text);
            if (number == null) {
              number = pictures.size();
              numbers.put(text, number);
              pictures.add(text);
              bytes += picture.getValue().length;
            }
            image.put(picture.getKey(), number);
          }
          images.add(image);
        }
      }
    }
    try {
      // Within a script element, no text may look like its end.
      return new Pictures(JSON.writeValueAsString(root).replace("<", "\\u003c"), leftOut);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of numbers and text can be written", e);
    }
  }

  /** An image, and what its chunk says of it. */
  private record Shown(Chunk chunk, JsonNode said) {
    String file() {
      return said.path("file").asText();
    }

    int index() {
      return said.path("index").asInt();
    }
  }

  private static List<Shown> shown(Inverted search) {
    List<Shown> shown = new ArrayList<>();
    search
        .chunks()
        .forEach(
            (chunk, said) ->
                said.path("images").forEach(image -> shown.add(new Shown(chunk, image))));
    return shown;
  }

  private byte[] target(Inverted search, Shown image) throws IOException {
    try (INDArray one = targets.read(image.index(), image.index() + 1, search.input())) {
      return ChunkFiles.png(one.slice(0), search.input());
    }
  }

  private byte[] start(Inverted search, Shown image) {
    try (INDArray one =
        study
            .seeds()
            .seeds(
                study.search().preset(),
                search.penalty().fourier(),
                search.input(),
                image.index(),
                1,
                search.seed())) {
      return ChunkFiles.png(search.input().clip(one).slice(0), search.input());
    }
  }

  private ObjectNode image(Inverted search, JsonNode said) {
    ObjectNode image = JSON.createObjectNode();
    image.put("network", search.subject().name());
    image.put("regularizer", search.penalty().name());
    image.put("seed", Long.toString(search.seed()));
    image.put("index", said.path("index").asInt());
    image.put("name", said.path("target").asText());
    image.set("distance", said.get("distance"));
    image.set("asPng", said.path("asPng").get("distance"));
    image.set("percentile", said.path("asFound").get("percentile"));
    image.put("matched", said.path("distance").asDouble(Double.NaN) <= search.tolerance());
    ArrayNode certificate = image.putArray("certificate");
    for (Map.Entry<String, String> entry : certificate(said).entrySet()) {
      certificate.addArray().add(entry.getKey()).add(entry.getValue());
    }
    return image;
  }

  private static Map<String, String> certificate(JsonNode said) {
    Map<String, String> certificate = new LinkedHashMap<>();
    certificate.put("relative distance", both(said, "distance"));
    certificate.put("percentile among random pairs", both(said, "percentile"));
    certificate.put("Pearson's correlation", both(said, "pearson"));
    certificate.put("Spearman's correlation", both(said, "spearman"));
    if (said.path("asFound").has("targetClass")) {
      certificate.put(
          "class of target, image, image as PNG",
          "%s, %s, %s"
              .formatted(
                  said.path("asFound").path("targetClass").asText(),
                  said.path("asFound").path("imageClass").asText(),
                  said.path("asPng").path("imageClass").asText()));
    }
    certificate.put(
        "search",
        "%s iterations, the best at %s; %s"
            .formatted(
                said.path("iterations").asText(),
                said.path("bestIteration").asText(),
                said.path("stop").asText().toLowerCase(Locale.ROOT).replace('_', ' ')));
    certificate.put("file", said.path("file").asText());
    return certificate;
  }

  private static String both(JsonNode said, String name) {
    return "%s; as PNG %s"
        .formatted(number(said.path("asFound").path(name)), number(said.path("asPng").path(name)));
  }

  private static String number(JsonNode node) {
    return node.isNumber() ? String.format(Locale.ROOT, "%.4g", node.doubleValue()) : "-";
  }

  // Text.

  private static String counted(int n, String thing) {
    return "%d %s%s".formatted(n, thing, n == 1 ? "" : "s");
  }

  private static String capital(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }

  private static String joined(List<String> names) {
    int n = names.size();
    return n < 2
        ? String.join("", names)
        : String.join(", ", names.subList(0, n - 1)) + " and " + names.get(n - 1);
  }

  static String resource(String name) throws IOException {
    try (InputStream stream =
        Objects.requireNonNull(StudyReport.class.getResourceAsStream(name), name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
