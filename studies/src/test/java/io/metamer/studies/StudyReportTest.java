package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.image.Images;
import io.metamer.image.Transformations;
import io.metamer.model.Preprocessing;
import io.metamer.studies.DistanceRecipe.OfPixels.Formula;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.nd4j.linalg.api.ndarray.INDArray;

final class StudyReportTest {

  private static final DistanceRecipe L2 = new DistanceRecipe.OfPixels(Formula.L2);

  private final Path temp;
  private final Path images;
  private final Path out;

  StudyReportTest(@TempDir Path temp) {
    this.temp = temp;
    images = Fixture.images(temp.resolve("images"), 5);
    out = temp.resolve("out");
  }

  @Test
  void report_needsNothingElse_andHoldsEveryImage() throws IOException {
    Study study =
        Fixture.study(images)
            .withJudges(
                List.of(L2, Fixture.features(Fixture.NETWORKS.resolve("smooth.onnx"))),
                ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    run.measure(StudyListener.none());
    String html = Files.readString(out.resolve("report.html"));
    Matcher reference = Pattern.compile("(?:src|href)=\"([^\"]*)\"").matcher(html);
    int references = 0;
    while (reference.find()) {
      references++;
      assertTrue(reference.group(1).startsWith("data:image/"), reference::group);
    }
    assertEquals(3, references);
    assertFalse(Pattern.compile("@import|url\\(|fetch\\(|XMLHttp").matcher(html).find());
    assertFalse(html.contains("{{"), "a field of the template is left");

    JsonNode found = found(html);
    assertEquals(40, found.get("images").size());
    JsonNode image = found.at("/images/0");
    assertEquals("relu", image.get("network").textValue());
    assertEquals("t00", image.get("name").textValue());
    Chunk chunk = run.chunks().get(0);
    byte[] file = Files.readAllBytes(out.resolve(chunk.folder()).resolve("00000-t00.png"));
    assertArrayEquals(file, picture(found, image.get("found")));
    // Targets and seeds once each: of five targets, and of five images from two seeds.
    Set<Integer> others = new TreeSet<>();
    for (JsonNode each : found.get("images")) {
      others.add(each.get("target").intValue());
      others.add(each.get("start").intValue());
    }
    assertEquals(5 + 2 * 5, others.size());
    BufferedImage target =
        ImageIO.read(new ByteArrayInputStream(picture(found, image.get("target"))));
    try (INDArray pixels = study.targets().read(Fixture.INPUT)) {
      assertEquals(
          Images.toBufferedImage(pixels.slice(0), Fixture.INPUT).getRGB(3, 4), target.getRGB(3, 4));
    }
    assertTrue(html.contains("features of smooth was held out of smooth with reg_free"), html);
    assertTrue(html.contains("of 40 images"), html);
    assertTrue(html.contains("metamer study study.yaml --out DIR"), html);
    for (Subject subject : study.networks()) {
      assertTrue(html.contains(Sha256.of(Files.readAllBytes(subject.file()))));
    }
    for (String name : List.of("alignment", "frontier", "published")) {
      assertTrue(ImageIO.read(out.resolve("measured/" + name + ".png").toFile()).getWidth() > 1000);
    }
    for (String name : List.of("tables.md", "tables.tex", "tables.html")) {
      String tables = Files.readString(out.resolve("measured/" + name));
      assertTrue(tables.contains("Networks compared, all images"), name);
      assertTrue(tables.contains("63.25"), name);
    }
  }

  @Test
  void reportOfAnUnfinishedStudy_saysSo_andOneThatIsTooLargeToo() throws IOException {
    Study study = Fixture.tiny(images).withJudges(List.of(L2), ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    Fixture.delete(out.resolve(run.chunks().get(1).folder()));
    StudyScores scores = run.measure(StudyListener.none());
    String html = Files.readString(out.resolve("report.html"));
    assertTrue(html.contains("not finished: 1 chunks are not there"), html);
    assertFalse(html.contains("left out of this page"), html);
    assertEquals(3, found(html).get("images").size());

    StudyReport small =
        new StudyReport(
            study,
            new StudyFolder(out),
            TargetFiles.of(study.targets()),
            run.inverted(),
            scores,
            1);
    String page = small.html(Map.of(), List.of(), 0);
    assertTrue(page.contains("The last 2 images are left out of this page"), page);
    assertFalse(page.contains("not finished"), page);
    assertEquals(1, found(page).get("images").size());
  }

  @Test
  void names_cannotEndTheScriptOrTheMarkup() throws IOException {
    Path odd = Fixture.images(temp.resolve("odd"), 3);
    Files.move(odd.resolve("t00.png"), odd.resolve("<script>alert(1)<!--&.png"));
    Study study =
        Fixture.with(Fixture.tiny(images), Targets.folder(odd))
            .withJudges(
                List.of(
                    new DistanceRecipe.OfFeatures(
                        "<b>bold</b>",
                        Fixture.NETWORKS.resolve("smooth.onnx"),
                        List.of("penultimate"),
                        Preprocessing.cifar10())),
                ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    run.measure(StudyListener.none());
    String html = Files.readString(out.resolve("report.html"));
    assertFalse(html.contains("<b>bold"), html);
    assertFalse(html.contains("<script>alert"), html);
    assertTrue(html.contains("&lt;b&gt;bold&lt;/b&gt;"), html);
    assertEquals("<script>alert(1)<!--&", found(html).at("/images/0/name").textValue());
  }

  @Test
  void chart_isTheSameBytes_whateverWasDrawnBefore() {
    byte[] first = StudyCharts.published().svg();
    assertArrayEquals(first, StudyCharts.published().svg());
    assertArrayEquals(StudyCharts.published().png(), StudyCharts.published().png());
    String svg = new String(first, StandardCharsets.UTF_8);
    assertTrue(svg.contains("clip-1"), svg);
    assertFalse(Pattern.compile("clip-?\\d{3,}").matcher(svg).find());
  }

  @Test
  void publishedChart_showsWhatWasPublished() {
    int shown = 0;
    for (XYChart chart : StudyCharts.published().charts()) {
      assertEquals(5, chart.getSeriesMap().size());
      for (XYSeries series : chart.getSeriesMap().values()) {
        shown += series.getXData().length;
      }
    }
    assertEquals(2 * (14 + 2), shown);
    XYSeries robust =
        StudyCharts.published().charts().get(0).getSeriesMap().get("CIFAR-10, adversarial l2 1");
    assertArrayEquals(new double[] {96.00, 38.83, 82.00, 98.67}, robust.getXData(), 1e-9);
    assertArrayEquals(new double[] {98.0, 11.5, 87.5, 100.0}, robust.getYData(), 1e-9);
  }

  @Test
  void sweep_isOneLine_inTheOrderOfStrengths() throws IOException {
    Study tiny = Fixture.tiny(images);
    Penalty smooth = Penalty.published("freq_tv_l6").with("smooth", Transformations.cifar10(0));
    Study study =
        new Study(
                tiny.networks(),
                List.of(
                    smooth.atStrength(10), smooth.atStrength(0.1), Penalty.published("reg_free")),
                tiny.targets(),
                tiny.seeds(),
                tiny.search().withIterations(2),
                tiny.pairs(),
                tiny.chunk(),
                false)
            .withJudges(List.of(L2), ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    StudyScores scores = run.measure(StudyListener.none());
    Map<String, XYSeries> series =
        StudyCharts.frontier(study, scores).charts().get(0).getSeriesMap();
    assertEquals(
        Set.of(
            "sweep relu, smooth x0.1 to smooth x10",
            "relu, smooth x0.1 to smooth x10",
            "relu, reg_free"),
        series.keySet());
    StudyScores.Pooled strong = scores.pooled().get(0);
    StudyScores.Pooled weak = scores.pooled().get(4);
    assertEquals(
        List.of("smooth x10", "smooth x0.1"), List.of(strong.regularizer(), weak.regularizer()));
    assertArrayEquals(
        new double[] {weak.distance().orElseThrow(), strong.distance().orElseThrow()},
        series.get("sweep relu, smooth x0.1 to smooth x10").getXData(),
        0);
    assertNotEquals(smooth.sweep(), Penalty.published("reg_free").sweep());
  }

  private static JsonNode found(String html) throws IOException {
    Matcher json =
        Pattern.compile("<script type=\"application/json\" id=\"found\">(.*?)</script>")
            .matcher(html);
    assertTrue(json.find());
    return new ObjectMapper().readTree(json.group(1));
  }

  private static byte[] picture(JsonNode found, JsonNode number) {
    return Base64.getDecoder().decode(found.get("pictures").get(number.intValue()).textValue());
  }
}
