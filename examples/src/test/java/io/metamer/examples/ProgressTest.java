package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class ProgressTest {

  @Test
  void log_getsTheTaskAndALineEveryTenth() {
    String text = shown(false);
    assertEquals(1 + 10, text.lines().count(), text);
    assertTrue(text.startsWith("robust, none"), text);
    assertTrue(text.contains(" 50 %, about 0:00 left at "), text);
    assertTrue(text.lines().skip(1).allMatch(line -> line.endsWith(" steps/s")), text);
    assertTrue(text.chars().noneMatch(c -> c == '\r' || c == 0x1b), text);
  }

  @Test
  void terminal_getsABarThatEndsFull() {
    String text = shown(true);
    assertTrue(text.contains("\r"), text);
    assertTrue(text.contains("100%"), text);
    assertTrue(text.contains(" steps/s"), text);
  }

  private static String shown(boolean terminal) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Progress progress =
        Progress.on(new PrintStream(bytes, true, StandardCharsets.UTF_8), terminal, 1000)) {
      progress.task("robust, none");
      for (int i = 0; i < 250; i++) {
        progress.done(4);
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
