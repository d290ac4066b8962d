package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class MetamerTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void help_listsCommandsAndEnvironment() {
    assertEquals(0, run("--help"));
    assertTrue(out.toString().contains("demo"), out::toString);
    assertTrue(out.toString().contains("METAMER_BACKEND=cuda"), out::toString);
  }

  @Test
  void help_ofDemo_listsItsOptions() {
    assertEquals(0, run("demo", "--help"));
    for (String option :
        new String[] {
          "--images",
          "--network",
          "--shape",
          "--layer",
          "--iterations",
          "--regularizer",
          "--seed",
          "--out"
        }) {
      assertTrue(out.toString().contains(option), option);
    }
    assertTrue(out.toString().contains("20 bundled ones"), out::toString);
  }

  @Test
  void version_isTheProjects() {
    assertEquals(0, run("--version"));
    assertTrue(
        Pattern.matches("metamer \\d+\\.\\d+\\.\\d+(-SNAPSHOT)?", out.toString().strip()),
        out::toString);
  }

  @Test
  void nothing_printsUsageAndIsAnError() {
    assertEquals(2, run());
    assertTrue(out.toString().startsWith("Usage: metamer"), out::toString);
  }

  @Test
  void unknownCommand_isNamed() {
    assertEquals(2, run("invert"));
    assertTrue(err.toString().contains("invert"), err::toString);
    assertTrue(err.toString().contains("See metamer --help."), err::toString);
  }

  private int run(String... args) {
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }
}
