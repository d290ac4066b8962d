package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class BenchmarkTest {

  private final Path temp;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  BenchmarkTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void ownNetwork_isTimedOnEachEngine() throws IOException {
    Path network = temp.resolve("mine.onnx");
    try (InputStream in =
        Objects.requireNonNull(
            Benchmark.class.getResourceAsStream("networks/fashion_resnet_standard.onnx"))) {
      Files.copy(in, network);
    }
    assertEquals(
        0,
        run(
            "--network",
            network.toString(),
            "--python",
            python("exit 0").toString(),
            "--job",
            "none,tv_l6",
            "--batch",
            "2",
            "--steps",
            "2",
            "--rounds",
            "1"),
        err::toString);

    List<String> lines = out.toString().lines().toList();
    for (int k = 0; k < 2; k++) {
      JsonNode line = new ObjectMapper().readTree(lines.get(k));
      assertEquals(k == 0 ? "none" : "tv_l6", line.path("job").asText());
      assertEquals("mine", line.path("network").asText());
      assertEquals(2, line.path("batch").asInt());
      JsonNode ours = line.path("sides").path("nd4j");
      double milliseconds = ours.path("ms_per_step").asDouble();
      assertTrue(milliseconds > 0, lines.get(k));
      assertEquals(2000 / milliseconds, ours.path("image_steps_per_s").asDouble(), 0.1);
      double share = ours.path("share_of_peak").asDouble();
      assertTrue(share > 0 && share < 1, lines.get(k));
      assertFalse(line.has("better_peer"), lines.get(k));
    }
    assertTrue(lines.get(3).startsWith("network "), lines::toString);
    assertTrue(lines.get(4).matches("mine +none +2  (onednn|nd4j) .*"), lines::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "exit 3 | to be a Python with torch and torchvision",
        "echo no torch >&2; exit 1 | no torch",
        "case $1 in -c) echo 9.9;; *) echo no onnx >&2; exit 1;; esac | and said last: no onnx",
        "case $2 in run) echo hello;; esac | as JSON, got: hello",
        "case $2 in run) echo {};; esac | as JSON, got: {}"
      })
  void python_thatCannotBeUsed_isNamed(String script, String expected) throws IOException {
    String python = python(script).toString();
    assertEquals(2, run("--python", python, "--job", "distance_32", "--rounds", "1"));
    assertTrue(err.toString().contains(expected), err::toString);
    assertTrue(err.toString().contains(python), err::toString);
  }

  @Test
  void benchmark_thatEnds_leavesNoFolder() throws IOException {
    Path python =
        python("[ \"$2\" != make ] || { echo \"$3\" >\"$(dirname \"$0\")/folder\"; exit 1; }");
    assertEquals(2, run("--python", python.toString()));
    Path folder = Path.of(Files.readString(temp.resolve("folder")).strip());
    assertTrue(folder.getFileName().toString().startsWith("metamer-benchmark"));
    assertFalse(Files.exists(folder), folder.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--peer none | there is no file none/inversion_peer.py",
        "--rounds 0 | of at least 1, got [32], 10, 0 and",
        "--batch 1,0 | of at least 1, got [1, 0], 10",
        "--job fast | --job fast: expected one of none, tv_l6, lpips, distance_32 and distance_224",
        "--network vgg19 | --network vgg19: expected a file or one of resnet18, resnet50",
        "--network vgg16 --batch 64 | --batch 64: expected at most 32 for vgg16"
      })
  void options_thatCannotBe_areNamed(String options, String expected) {
    assertEquals(2, run(options.split(" ")));
    assertTrue(err.toString().contains(expected), err::toString);
  }

  @Test
  @Tag("reference")
  void benchmark_printsTheRatios() throws IOException {
    Path peer =
        Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.peer"), "expected -Dmetamer.peer=SCRIPT"));
    String python = System.getProperty("metamer.python", "/usr/bin/python3");
    assertEquals(
        0,
        run(
            "--peer",
            String.valueOf(peer.getParent()),
            "--python",
            python,
            "--batch",
            "2",
            "--steps",
            "2",
            "--rounds",
            "1"),
        err::toString);

    List<String> lines = out.toString().lines().toList();
    String[] jobs = {"none", "tv_l6", "lpips", "distance_32", "distance_224"};
    for (int k = 0; k < jobs.length; k++) {
      JsonNode line = new ObjectMapper().readTree(lines.get(k));
      assertEquals(jobs[k], line.path("job").asText());
      String better = line.path("better_peer").asText();
      JsonNode ratios = line.path("sides").path("nd4j").path("ratio_to");
      assertEquals(2, ratios.size(), lines.get(k));
      assertTrue(ratios.path(better).asDouble() > 0, lines.get(k));
    }
  }

  /** A program in the place of Python. */
  private Path python(String script) throws IOException {
    Path file = Files.writeString(temp.resolve("python"), "#!/bin/sh\n" + script + "\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  private int run(String... options) {
    String[] arguments = new String[options.length + 1];
    arguments[0] = "benchmark";
    System.arraycopy(options, 0, arguments, 1, options.length);
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
