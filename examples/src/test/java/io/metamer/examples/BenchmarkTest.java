package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @ParameterizedTest
  @CsvSource({
    "/bin/sh, exit 3, failed",
    "/bin/sh, echo no module >&2; exit 1, no module",
    "/bin/sh, echo hello, got: hello",
    "/bin/sh, echo '{}', got: {}"
  })
  void script_thatIsNoPeer_isNamed(String python, String script, String expected)
      throws IOException {
    Path file = Files.writeString(temp.resolve("peer.sh"), script);
    assertEquals(2, run("--peer", file.toString(), "--python", python));
    assertTrue(
        err.toString().contains(expected) && err.toString().contains("peer.sh"), err::toString);
  }

  @Test
  void benchmark_thatEnds_leavesNoFolder() throws IOException {
    String script = "echo \"$2\" >\"$(dirname \"$0\")/folder\"; exit 1";
    Path file = Files.writeString(temp.resolve("peer.sh"), script);
    assertEquals(2, run("--peer", file.toString(), "--python", "/bin/sh"));
    Path folder = Path.of(Files.readString(temp.resolve("folder")).strip());
    assertTrue(folder.getFileName().toString().startsWith("metamer-benchmark"));
    assertFalse(Files.exists(folder), folder.toString());
  }

  @Test
  void options_thatCannotBe_areNamed() throws IOException {
    assertEquals(2, run("--peer", temp.resolve("none.py").toString()));
    assertTrue(err.toString().contains("none.py"), err::toString);
    Path file = Files.writeString(temp.resolve("peer.sh"), "");
    assertEquals(2, run("--peer", file.toString(), "--rounds", "0"));
    assertTrue(err.toString().contains("at least 1, got 32, 12 and 0"), err::toString);
  }

  @Test
  @Tag("reference")
  void benchmark_printsTheRatio() {
    String peer =
        Objects.requireNonNull(
            System.getProperty("metamer.peer"), "expected -Dmetamer.peer=SCRIPT");
    String python = System.getProperty("metamer.python", "/usr/bin/python3");
    assertEquals(
        0,
        run("--peer", peer, "--python", python, "--batch", "2", "--steps", "3", "--rounds", "1"),
        err::toString);
    assertTrue(
        out.toString()
            .matches(
                "(?s).*medians: metamer [\\d.]+, peer \\(reference\\) [\\d.]+, ratio [\\d.]+\\s*"),
        out::toString);
  }

  private int run(String... options) {
    String[] arguments = new String[options.length + 1];
    arguments[0] = "benchmark";
    System.arraycopy(options, 0, arguments, 1, options.length);
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), arguments);
  }
}
