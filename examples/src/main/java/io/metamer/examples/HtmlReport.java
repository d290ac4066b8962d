package io.metamer.examples;

import com.samskivert.mustache.Mustache;
import io.metamer.examples.DemoResults.Search;
import io.metamer.inversion.Certificate;
import io.metamer.inversion.Criterion;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.Provenance;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Score;
import io.metamer.model.ModelId;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.FileWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/**
 * One HTML file that needs nothing else: pictures as data, style and charts inline. Its layout is
 * the template {@code report.html}; the records here are what the template names.
 */
final class HtmlReport {

  private HtmlReport() {}

  static void write(DemoResults results, Path file) throws IOException {
    String template = Bundled.text("report.html");
    // A writer of java.io: those of java.nio refuse to write once the thread was interrupted.
    try (Writer writer = new FileWriter(file.toFile(), StandardCharsets.UTF_8)) {
      Mustache.compiler().emptyStringIsFalse(true).compile(template).execute(page(results), writer);
    }
  }

  private record Page(
      String css,
      String standIn,
      int images,
      String started,
      String seconds,
      String command,
      String interrupted,
      List<String> findings,
      List<Head> networks,
      List<String> columns,
      List<Strip> strips,
      List<String> judges,
      List<String> scoreHeads,
      List<RowGroup> table,
      List<Chart> charts,
      List<Origin> origins) {}

  /** A network above its columns. */
  private record Head(String name, int span, int index) {}

  /** A target and what was found for it. */
  private record Strip(String name, String target, String seed, List<Found> found) {}

  private record Found(String picture, String distance, boolean matched, String title) {}

  private record RowGroup(String network, int width, List<Row> rows) {}

  private record Row(
      String regularizer,
      String which,
      String images,
      String distance,
      String nearer,
      List<Cell> cells) {}

  /** A score with its interval, or a word where there is none. */
  private record Cell(String label, boolean score, String value, String interval) {}

  private record Chart(String regularizer, String svg) {}

  private record Origin(String network, List<Entry> entries) {}

  private record Entry(String name, String value) {}

  private static Page page(DemoResults results) throws IOException {
    List<String> networks = results.networks();
    return new Page(
        Bundled.text("/io/metamer/studies/report.css"),
        DemoResults.STAND_IN,
        results.targets().size(),
        DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH)
            .format(results.started().atOffset(ZoneOffset.UTC)),
        Long.toString(Math.round(results.seconds())),
        results.command(),
        results.interrupted()
            ? "This run was interrupted: %d of %d searches ran to their end."
                .formatted(results.done(), results.planned())
            : "",
        Findings.of(results),
        IntStream.range(0, networks.size())
            .mapToObj(k -> new Head(networks.get(k), results.of(networks.get(k)).size(), k))
            .toList(),
        results.searches().stream().map(Search::regularizer).toList(),
        IntStream.range(0, results.targets().size()).mapToObj(i -> strip(results, i)).toList(),
        results.judges(),
        results.judges().stream().flatMap(judge -> Table.METRICS.stream()).toList(),
        networks.stream().map(network -> group(results, network)).toList(),
        results.searches().stream()
            .map(Search::regularizer)
            .distinct()
            .map(regularizer -> chart(results, regularizer))
            .toList(),
        networks.stream().map(network -> origin(results, network)).toList());
  }

  private static Strip strip(DemoResults results, int i) {
    return new Strip(
        results.targets().get(i).name(),
        data(results.targets().get(i).picture()),
        data(results.noise()),
        results.searches().stream().map(search -> found(search, i)).toList());
  }

  private static Found found(Search search, int i) {
    ImageOutcome outcome = search.outcomes().get(i);
    String distance = Table.decimals(outcome.distance(), 3);
    return new Found(
        data(search.images().get(i)),
        distance,
        search.matched(i),
        "%s, %s: relative distance %s at iteration %d, %s as PNG"
            .formatted(
                search.network(),
                search.regularizer(),
                distance,
                outcome.bestIteration(),
                Table.decimals(search.certificates().get(i).asPng().distance(), 3)));
  }

  private static RowGroup group(DemoResults results, String network) {
    List<Row> rows = new ArrayList<>();
    for (Search search : results.of(network)) {
      List<ImageOutcome> matched = search.matchedOutcomes();
      int n = search.outcomes().size();
      rows.add(
          new Row(
              search.regularizer() + (search.interrupted() ? " (interrupted)" : ""),
              "all",
              Integer.toString(n),
              Table.distance(search.outcomes()),
              nearerThanPairs(search.certificates()),
              cells(results, search, AlignmentReport::all)));
      rows.add(
          new Row(
              "",
              "matched",
              Integer.toString(matched.size()),
              matched.isEmpty() ? "- (0 of %d matched)".formatted(n) : Table.distance(matched),
              nearerThanPairs(search.matchedCertificates()),
              cells(results, search, AlignmentReport::matched)));
    }
    int width = 4 + results.judges().size() * Table.METRICS.size();
    return new RowGroup(network, width, rows);
  }

  /** "6, as PNG 5": those that no two targets are nearer than; "-" where there is no pair. */
  private static String nearerThanPairs(List<Certificate> certificates) {
    return certificates.stream().anyMatch(c -> c.asFound().percentile().isEmpty())
        ? "-"
        : "%d, as PNG %d"
            .formatted(
                certificates.stream()
                    .filter(Criterion.within(Double.POSITIVE_INFINITY).inPercentile(0)::holds)
                    .count(),
                certificates.stream()
                    .filter(
                        Criterion.within(Double.POSITIVE_INFINITY).inPercentile(0).asPng()::holds)
                    .count());
  }

  private static List<Cell> cells(
      DemoResults results, Search search, Function<AlignmentReport, Optional<Score>> which) {
    List<Cell> cells = new ArrayList<>();
    for (String judge : results.judges()) {
      for (String metric : Table.METRICS) {
        Optional<AlignmentReport> report = search.report(judge, metric);
        Optional<Score> score = report.flatMap(which);
        cells.add(
            new Cell(
                "%s by %s (%s)".formatted(metric, judge, DemoResults.STAND_IN),
                score.isPresent(),
                score
                    .map(s -> Table.decimals(s.value(), 2))
                    .orElseGet(() -> Table.cell(report, which)),
                score.map(s -> s.interval().toString()).orElse("")));
      }
    }
    return cells;
  }

  private static Chart chart(DemoResults results, String regularizer) {
    List<Search> searches =
        results.searches().stream().filter(s -> s.regularizer().equals(regularizer)).toList();
    return new Chart(regularizer, LossChart.of(searches, results.networks()));
  }

  private static String preprocessing(ModelId model) {
    return model.preprocessing()
        + model.inside().map(inside -> "; inside the network then " + inside).orElse("");
  }

  private static Origin origin(DemoResults results, String network) {
    List<Search> searches = results.of(network);
    Provenance any = searches.get(0).provenance();
    List<Entry> entries = new ArrayList<>();
    entries.add(new Entry("File", any.model().name()));
    entries.add(new Entry("SHA-256", any.model().sha256()));
    entries.add(new Entry("Layer", any.model().layer()));
    entries.add(new Entry("Preprocessing", preprocessing(any.model())));
    entries.add(new Entry("Targets, SHA-256", any.targetsSha256()));
    entries.add(new Entry("Seeds, SHA-256", any.seedsSha256()));
    entries.add(new Entry("Versions", any.versions()));
    for (Search search : searches) {
      entries.add(
          new Entry(
              search.regularizer(),
              String.format(
                  Locale.ROOT,
                  "penalty %s; %d iterations, %s; tolerance %s; %s; %.1f s",
                  search.options().regularizer().name(),
                  search.options().iterations(),
                  search.options().step(),
                  search.options().tolerance(),
                  search.provenance().type(),
                  search.provenance().seconds())));
    }
    return new Origin(network, entries);
  }

  private static String data(BufferedImage picture) {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    try {
      ImageIO.write(picture, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException("memory cannot fail", e);
    }
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png.toByteArray());
  }
}
