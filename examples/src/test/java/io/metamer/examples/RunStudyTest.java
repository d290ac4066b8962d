package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.studies.Study;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RunStudyTest {

  private static final Path BUNDLED =
      Path.of("src/main/resources/io/metamer/examples").toAbsolutePath();

  private static final String DESCRIPTION =
      """
      networks:
        - name: robust
          file: BUNDLED/networks/fashion_resnet_robust.onnx
          preprocessing: fashion-mnist
          classifier: logits
      regularizers: [reg_free]
      targets: {folder: BUNDLED/images, count: 3}
      seeds: [42]
      search: {preset: fast, iterations: 3}
      chunk: 2
      """
          .replace("BUNDLED", BUNDLED.toString());

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Path temp;
  private final Path folder;

  RunStudyTest(@TempDir Path temp) {
    this.temp = temp;
    folder = temp.resolve("out");
  }

  @Test
  void study_saysItsPlanAndThenComputes() throws IOException {
    assertEquals(0, study(DESCRIPTION), err::toString);
    List<String> lines = out.toString().lines().toList();
    assertEquals("3 searches in 2 chunks, 0 of them there", lines.get(0));
    assertTrue(
        lines
            .get(1)
            .matches(
                "  robust, reg_free: 3 searches, .* ms a step of 2 \\(the network: .* GFLOP, .*, at least .* ms\\), .*"));
    assertTrue(lines.get(2).matches("about .* if no search ends early, .* of memory, .* of disk"));
    assertEquals("2 chunks written, 0 there before, 0 left", lines.get(3));
    assertEquals(1 + 3, Files.readAllLines(folder.resolve("results.csv")).size());
  }

  @Test
  void study_again_computesWhatIsMissing() throws IOException {
    assertEquals(0, study(DESCRIPTION), err::toString);
    out.getBuffer().setLength(0);
    assertEquals(0, study(DESCRIPTION.replace("count: 3", "count: 4")), err::toString);
    assertTrue(out.toString().startsWith("4 searches in 2 chunks, 1 of them there\n"));
    assertTrue(out.toString().contains("\n1 chunks written, 1 there before, 0 left\n"));
  }

  @Test
  void plan_computesNothing() throws IOException {
    assertEquals(0, study(DESCRIPTION, "--plan"), err::toString);
    assertTrue(out.toString().startsWith("3 searches in 2 chunks"), out::toString);
    assertFalse(Files.exists(folder));
  }

  @Test
  void study_interrupted_saysWhatIsLeftAndHowToGoOn() throws IOException {
    Path file = write(DESCRIPTION.replace("iterations: 3", "iterations: 3000"));
    Thread worker = Thread.currentThread();
    Thread other =
        new Thread(
            () -> {
              while (!Files.exists(folder.resolve("study.yaml"))) {
                Thread.onSpinWait();
              }
              worker.interrupt();
            });
    other.start();
    assertEquals(130, run("study", file.toString(), "--out", folder.toString()), err::toString);
    assertTrue(
        out.toString().contains("Interrupted: 0 chunks written, 0 there before, 2 left"),
        out::toString);
    assertFalse(Thread.interrupted());
  }

  @Test
  void judges_areAskedAfterTheSearches_andAgainWithoutThem() throws IOException {
    String judged = DESCRIPTION + "judges: [ssim, l2]\n";
    assertEquals(2, study(judged, "--measure"));
    assertTrue(
        err.toString().contains("--measure: expected images of this study in"), err::toString);
    assertEquals(0, study(judged), err::toString);
    assertTrue(out.toString().endsWith("/report.html\n"), out::toString);
    assertEquals(1 + 2 * 2 * 2, Files.readAllLines(folder.resolve("measured/scores.csv")).size());
    String report = Files.readString(folder.resolve("report.html"));
    assertTrue(report.contains("How aligned are the invariances of robust?"), report);
    out.getBuffer().setLength(0);
    Files.delete(folder.resolve("report.html"));
    assertEquals(0, study(judged, "--measure"), err::toString);
    assertTrue(out.toString().startsWith("Report: file:///"), out::toString);
    assertEquals(report, Files.readString(folder.resolve("report.html")));
  }

  @Test
  void measuring_withoutJudges_isRefused() throws IOException {
    assertEquals(2, study(DESCRIPTION, "--measure"));
    assertTrue(err.toString().contains("--measure: expected judges in "), err::toString);
  }

  @Test
  void studyOfTheExamples_canBePlanned() throws IOException {
    Study study = Study.read(Path.of("studies/fashion.yaml"));
    assertEquals(2, study.networks().size());
    assertEquals(2, study.judges().size());
    assertEquals(
        0,
        run("study", "studies/fashion.yaml", "--out", folder.toString(), "--plan"),
        err::toString);
    assertTrue(out.toString().startsWith("240 searches in 20 chunks"), out::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "file: | fil: | unknown key \"fil\", expected name, file",
        "fashion_resnet_robust | nowhere | there is no",
        "fashion-mnist | fashion | networks[0].preprocessing: expected a preprocessing among",
        "classifier: logits | classifier: head | head",
        "classifier: logits | layer: head | network robust at head: ",
        "preset: fast | preset: faster | search.preset: expected a preset among nanda2023",
        "chunk: 2 | judges: [lpips] | judges[0]: expected l2 or ms-ssim or ssim, got",
        "chunk: 2 | judges: [{lpips: {weights: nowhere}}] | there is no",
        "chunk: 2 | judges: [ms-ssim] | judges: distance MS-SSIM: expected images of shape",
        "count: 3 | count: 1000 | expected a count of at most its 120 images",
        "[reg_free] | [{name: x, terms: [{term: l2}]}] | expected tv, lp, blur, l1 or adversarial"
      })
  void badInput_isOneSentenceBeforeAnyWork(String text, String by, String expected)
      throws IOException {
    assertEquals(2, study(DESCRIPTION.replace(text, by)));
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
    assertFalse(Files.exists(folder));
  }

  @Test
  void folderOfOtherFiles_isRefused() throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("thesis.txt"), "mine");
    assertEquals(2, study(DESCRIPTION));
    assertTrue(err.toString().contains("holds files that no study wrote"), err::toString);
  }

  private int study(String description, String... more) throws IOException {
    String[] arguments = new String[4 + more.length];
    arguments[0] = "study";
    arguments[1] = write(description).toString();
    arguments[2] = "--out";
    arguments[3] = folder.toString();
    System.arraycopy(more, 0, arguments, 4, more.length);
    return run(arguments);
  }

  private Path write(String description) throws IOException {
    return Files.writeString(temp.resolve("study.yaml"), description);
  }

  private int run(String... arguments) {
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
