package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.inversion.StopReason;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The grid, results.json and the HTML report of made-up results. */
final class ViewsTest {

  private final Path temp;

  ViewsTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void grid_holdsARowForTargetsSeedAndEachRegularizer() {
    BufferedImage grid = Grid.of(Synthetic.results(), "robust");
    // Images of 28 pixels are drawn three times as large, 6 pixels apart, beside 150 for labels.
    assertEquals(150 + 6 * (84 + 6) + 6, grid.getWidth());
    assertEquals(5 * (84 + 6) + 6, grid.getHeight());
    int white = 0xffffffff;
    assertEquals(white, grid.getRGB(150 + 6 + 84 + 1, 10), "between images");
  }

  @Test
  void grid_enlargesPixelsToSquares() {
    BufferedImage grid = Grid.of(Synthetic.results(), "robust");
    int left = 150 + 6;
    assertEquals(grid.getRGB(left, 6), grid.getRGB(left + 2, 8));
  }

  @Test
  void json_holdsEveryRowInFullPrecision() throws IOException {
    JsonNode root = json(Synthetic.results());
    assertEquals(6, root.get("rows").size());
    JsonNode score = root.at("/rows/0/scores/0/all");
    assertEquals(4 / 6.0, score.get("value").doubleValue());
    assertEquals(0.34375, score.get("p").doubleValue());
    assertEquals(0.02 * (1 + 5 / 10.0), root.at("/rows/0/outcomes/5/distance").doubleValue());
    JsonNode certificate = root.at("/rows/0/outcomes/5/certificate");
    assertEquals(0.02 * (1 + 5 / 10.0), certificate.at("/asFound/distance").doubleValue());
    assertEquals(100 / 3.0, certificate.at("/asPng/percentile").doubleValue());
    assertEquals(0.5, root.at("/rows/0/nullDistribution/median").doubleValue());
    assertEquals("ab".repeat(32), root.at("/rows/0/provenance/modelSha256").textValue());
    assertEquals(1, root.at("/rows/0/provenance/std/0").doubleValue());
    assertEquals("stand-in, not LPIPS", root.get("judgesAre").textValue());
  }

  @Test
  void json_ofARowWithoutMatches_hasNoScoreForThem() throws IOException {
    JsonNode row = json(Synthetic.results()).at("/rows/5");
    assertEquals(0, row.get("matchedImages").intValue());
    assertTrue(row.at("/relativeDistance/matched").isNull());
    assertTrue(row.at("/scores/0/heldOut").booleanValue());
    assertTrue(row.at("/scores/0/all").isNull());
    assertTrue(row.at("/scores/2/matched").isNull());
    assertFalse(row.at("/scores/2/all").isNull());
  }

  @Test
  void json_hasNullForWhatIsNotFinite() throws IOException {
    assertTrue(json(Synthetic.results()).at("/rows/0/curve/high/2").isNull());
  }

  @Test
  void html_loadsNothingFromElsewhere() throws IOException {
    String html = html(Synthetic.results());
    Matcher loads =
        Pattern.compile("(?:src|href|url|@import)\\s*[=(]?\\s*[\"']?([^\"'>)]{0,40})")
            .matcher(html);
    int images = 0;
    while (loads.find()) {
      assertTrue(loads.group(1).startsWith("data:image/png;base64,"), loads.group());
      images++;
    }
    // Target, seed and six results for each of six images.
    assertEquals(6 * 8, images);
    assertFalse(html.contains("<script"), "scripts");
    assertFalse(html.contains("http"), "addresses");
  }

  @Test
  void html_escapesNames() throws IOException {
    String html = html(Synthetic.results());
    assertTrue(html.contains("image&lt;3"));
    assertFalse(html.contains("image<3"));
  }

  /** Distances from 0.02 to 0.03, ten times as much as PNG; the nearest pair has 0.25. */
  @Test
  void html_countsTheImagesThatAreNearerThanPairs() throws IOException {
    assertTrue(
        html(Synthetic.results()).contains("<td data-label=\"nearer than pairs\">6, as PNG 3<"));
  }

  @Test
  void html_labelsEveryJudge() throws IOException {
    String html = html(Synthetic.results());
    assertEquals(2, html.split("<small>stand-in, not LPIPS</small>", -1).length - 1);
  }

  @Test
  void html_saysWhatWasInterrupted_onlyThen() throws IOException {
    DemoResults interrupted =
        Synthetic.results(
            List.of(
                Synthetic.search("standard", "none", 0.02, StopReason.ITERATIONS),
                Synthetic.search("standard", "tv-l6", 0.9, StopReason.INTERRUPTED)),
            6);
    assertTrue(html(interrupted).contains("interrupted: 1 of 6 searches ran to their end"));
    assertFalse(html(Synthetic.results()).contains("interrupted"));
  }

  @Test
  void chart_drawsALineForEachNetwork() {
    DemoResults results = Synthetic.results();
    List<DemoResults.Search> none =
        results.searches().stream().filter(s -> s.regularizer().equals("none")).toList();
    String svg = LossChart.of(none, results.networks());
    assertTrue(svg.contains("class=\"median network0\""), svg);
    assertTrue(svg.contains("class=\"median network1\""), svg);
    assertFalse(svg.contains("Infinity") || svg.contains("NaN"), svg);
  }

  private JsonNode json(DemoResults results) throws IOException {
    Path file = temp.resolve("results.json");
    ResultsJson.write(results, file);
    return new ObjectMapper().readTree(file.toFile());
  }

  private String html(DemoResults results) throws IOException {
    Path file = temp.resolve("report.html");
    HtmlReport.write(results, file);
    return Files.readString(file);
  }
}
