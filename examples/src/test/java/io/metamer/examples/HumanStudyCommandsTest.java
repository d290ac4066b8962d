package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** From a study's folder to a site, and from answers to scores. */
final class HumanStudyCommandsTest {

  private static final Path BUNDLED =
      Path.of("src/main/resources/io/metamer/examples").toAbsolutePath();

  private static final ObjectMapper JSON = new ObjectMapper();

  private static Path study;
  private static Path consent;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Path temp;
  private final Path human;

  HumanStudyCommandsTest(@TempDir Path temp) {
    this.temp = temp;
    human = temp.resolve("human");
  }

  /** Three targets, two seeds, two regularizers, in chunks of two. */
  @BeforeAll
  static void makeStudy(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("study.yaml"),
            """
            networks:
              - name: robust
                file: BUNDLED/networks/fashion_resnet_robust.onnx
                preprocessing: fashion-mnist
            regularizers: [reg_free, freq_tv]
            targets: {folder: BUNDLED/images, count: 3}
            seeds: [42, 43]
            search: {preset: fast, iterations: 3}
            chunk: 2
            """
                .replace("BUNDLED", BUNDLED.toString()));
    study = folder.resolve("study");
    StringWriter err = new StringWriter();
    assertEquals(
        0,
        run(new StringWriter(), err, "study", file.toString(), "--out", study.toString()),
        err::toString);
    consent = Files.writeString(folder.resolve("consent.txt"), "One.\n\nTwo.\n");
  }

  private static int run(StringWriter out, StringWriter err, String... arguments) {
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }

  private int site(String... more) {
    List<String> arguments =
        new ArrayList<>(List.of("human-study", study.toString(), "--out", human.toString()));
    arguments.addAll(List.of(more));
    if (!arguments.contains("--consent")) {
      arguments.addAll(List.of("--consent", consent.toString()));
    }
    arguments.addAll(List.of("--seed", "5"));
    return run(out, err, arguments.toArray(String[]::new));
  }

  private JsonNode key() throws IOException {
    return JSON.readTree(Files.readAllBytes(human.resolve("key.json")));
  }

  @Test
  void site_asksAboutEveryImageOfTheStudy() throws IOException {
    assertEquals(0, site(), err::toString);
    List<String> lines = out.toString().lines().toList();
    assertEquals(
        List.of(
            "robust, reg_free, 2AFC",
            "robust, freq_tv, 2AFC",
            "robust, reg_free, clustering",
            "robust, freq_tv, clustering"),
        lines.subList(0, 4));
    // 2 x (3 x 2) choices of 2AFC, 2 checks, 2 practised; as many rows, a check of 3, 2 practised
    // of 3.
    assertEquals("37 choices for each person, about 4 min at 5.0 s each", lines.get(4));
    JsonNode sections = key().path("definition").path("sections");
    for (JsonNode section : sections) {
      assertEquals(6, section.path("trials").size());
    }
    assertEquals("2afc-1-seed-43", sections.get(0).path("trials").get(4).path("id").asText());
    // The image from the second seed, beside the same target as that from the first.
    assertEquals("IRI 4", sections.get(0).path("trials").get(4).path("query").asText());
    assertEquals(
        "[\"SEED 4\",\"TARGET 1\"]",
        sections.get(0).path("trials").get(4).path("alternatives").toString());
    assertEquals(1, sections.get(0).path("trials").get(4).path("block").asInt());
    assertTrue(Files.isRegularFile(human.resolve("site/index.html")));
  }

  /**
   * The pictures of a trial are the study's: what was found by name, and the target by its pixels.
   */
  @Test
  void pictures_areThoseOfTheStudy() throws IOException {
    assertEquals(0, site("--task", "2afc", "--regularizer", "freq_tv"), err::toString);
    JsonNode definition = key().path("definition");
    int seen = 0;
    for (JsonNode screen : definition.path("phases").get(0).path("screens")) {
      JsonNode row = screen.path("rows").get(0);
      if (row.path("section").asInt() == 0) {
        int trial = row.path("trial").asInt();
        int target = trial % 3;
        try (Stream<Path> files =
            Files.walk(study.resolve("robust/freq_tv/seed-" + (trial < 3 ? 42 : 43)))) {
          Path found =
              files
                  .filter(f -> f.getFileName().toString().startsWith("%05d-".formatted(target)))
                  .findFirst()
                  .orElseThrow();
          assertSame(found.toFile(), row.path("query").asText());
        }
        File[] images = BUNDLED.resolve("images").toFile().listFiles();
        Path original =
            Stream.of(images)
                .map(File::toPath)
                .filter(f -> f.getFileName().toString().endsWith(".png"))
                .sorted()
                .toList()
                .get(target);
        assertSame(original.toFile(), row.path("correct").asText());
        seen++;
      }
    }
    assertEquals(6, seen);
  }

  private void assertSame(File expected, String picture) throws IOException {
    BufferedImage a = ImageIO.read(expected);
    BufferedImage b = ImageIO.read(human.resolve("site/images/" + picture + ".png").toFile());
    for (int y = 0; y < a.getHeight(); y++) {
      for (int x = 0; x < a.getWidth(); x++) {
        assertEquals(a.getRGB(x, y), b.getRGB(x, y), expected.toString());
      }
    }
  }

  @Test
  void answers_giveTheirScoresAndATable() throws IOException {
    assertEquals(0, site("--task", "2AFC", "--regularizer", "reg_free"), err::toString);
    Path answers = Files.createDirectory(temp.resolve("answers"));
    // Right about the first target from both seeds, and in the check.
    write(answers, "ann, b.", trial -> trial % 3 == 0);
    write(answers, "cem", trial -> true);
    Files.writeString(answers.resolve("note.txt"), "");
    out.getBuffer().setLength(0);
    Path csv = temp.resolve("answers.csv");
    assertEquals(
        0,
        run(
            out,
            err,
            "human-answers",
            human.resolve("key.json").toString(),
            answers.toString(),
            "--csv",
            csv.toString()),
        err::toString);
    List<String> lines = out.toString().lines().toList();
    assertEquals("2 participants, 0 left out, 2 counted", lines.get(0));
    assertTrue(lines.get(1).startsWith("  not counted: note.txt: "), lines.get(1));
    assertEquals("robust, reg_free, 2AFC", lines.get(2));
    assertTrue(lines.get(3).startsWith("  right: 0.67 ["), lines.get(3));
    List<String> table = Files.readAllLines(csv);
    assertEquals("section,participant,trial,choice,right", table.get(0));
    assertEquals("\"robust, reg_free, 2AFC\",\"ann, b.\",2afc-1-seed-42,0,0", table.get(2));
    assertEquals(1 + 12, table.size());
    assertEquals(8, table.stream().filter(line -> line.endsWith(",1")).count());
  }

  @Test
  void cells_thatWouldBreakTheTable_areQuoted() {
    assertEquals("ann b.", HumanResults.quoted("ann b."));
    assertEquals("\"ann, b.\"", HumanResults.quoted("ann, b."));
    assertEquals("\"a\"\"b\"", HumanResults.quoted("a\"b"));
    assertEquals("\"a\nb\"", HumanResults.quoted("a\nb"));
    assertEquals("\"a\rb\"", HumanResults.quoted("a\rb"));
  }

  /** Answers as the page writes them, by what the page on human studies says of the format. */
  private void write(Path folder, String participant, IntPredicate right) throws IOException {
    JsonNode key = key();
    String study = key.path("study").asText();
    JsonNode phase = key.path("definition").path("phases").get(0);
    String draw = sha256(String.join("\n", study, participant, "form", "2AFC"));
    int number = (int) (Long.parseLong(draw.substring(0, 8), 16) % phase.path("forms").size());
    String form = phase.path("forms").get(number).asText();
    ObjectNode file = JSON.createObjectNode();
    file.put("format", "metamer-answers-1").put("study", study).put("participant", participant);
    file.put("started", "s").put("finished", "f").put("complete", true).put("display", "d");
    file.putObject("platform");
    ArrayNode answers = file.putArray("answers");
    StringBuilder text =
        new StringBuilder(
            String.join("\n", "metamer-answers-1", study, participant, "s", "f", "true", "d", ""));
    for (int i = 0; i < phase.path("screens").size(); i++) {
      JsonNode screen = phase.path("screens").get(i);
      JsonNode row = screen.path("rows").get(0);
      String a = screen.path("alternatives").get(0).asText();
      String b = screen.path("alternatives").get(1).asText();
      List<String> shown = form.charAt(i) == '0' ? List.of(a, b) : List.of(b, a);
      int correct = shown.indexOf(row.path("correct").asText());
      boolean yes = row.path("section").asInt() < 0 || right.test(row.path("trial").asInt());
      int position = yes ? correct : 1 - correct;
      ObjectNode answer = answers.addObject();
      answer.put("row", row.path("row").asText()).put("chosen", shown.get(position));
      answer.put("position", position);
      shown.forEach(answer.putArray("shown")::add);
      answer.put("milliseconds", 2000);
      text.append(
          "%s %s %d 2000 %s\n"
              .formatted(
                  row.path("row").asText(),
                  shown.get(position),
                  position,
                  String.join(",", shown)));
    }
    file.put("checksum", sha256(text.toString()));
    Files.writeString(folder.resolve(participant + ".json"), file.toString());
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new LinkageError("every Java platform has SHA-256", e);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--network | x | --network x: expected one of robust.",
        "--regularizer | x | --regularizer x: expected one of reg_free, freq_tv.",
        "--task | x | --task x: expected 2AFC or clustering.",
        "--targets | 0 | --targets 0: expected at least 1.",
        "--targets | 2 | expected at least 3 inverted images to choose among, got 2",
        "--consent | nowhere | there is no nowhere.",
        "--seconds | NaN | expected seconds above 0, got NaN",
        "--post-to | ftp://x | expected an http or https URL to post to, got ftp://x"
      })
  void badInput_isOneSentence(String option, String value, String expected) {
    assertEquals(2, site(option, value));
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertFalse(Files.exists(human));
  }

  @Test
  void studyThatIsNotFinished_isRefused(@TempDir Path other) throws IOException {
    Files.copy(study.resolve("study.yaml"), other.resolve("study.yaml"));
    Files.writeString(other.resolve(".lock"), "");
    assertEquals(
        2,
        run(
            out,
            err,
            "human-study",
            other.toString(),
            "--out",
            human.toString(),
            "--consent",
            consent.toString()));
    assertTrue(
        err.toString().contains("lacks 8 of 8 chunks, the first is robust, reg_free, seed 42"),
        err::toString);
  }

  @Test
  void key_thatIsNone_isRefused() {
    assertEquals(
        2, run(out, err, "human-answers", study.resolve("study.yaml").toString(), temp.toString()));
    assertTrue(err.toString().contains("expected the key of a study"), err::toString);
  }
}
