package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A study that is killed and made again, against one that ran through. */
final class KillTest {

  /** What a chunk of the study says: it begins, is evaluated some 26 times, and is written. */
  private static final int SAID_OF_A_CHUNK = 28;

  private final Path temp;

  KillTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void study_killedAFewTimes_endsWithTheBytesOfOneThatRanThrough() throws Exception {
    study_killed(3, 1);
  }

  @Test
  @Tag("slow")
  void study_killedTwentyTimes_endsWithTheBytesOfOneThatRanThrough() throws Exception {
    study_killed(20, 2);
  }

  private void study_killed(int kills, long seed) throws Exception {
    Path file = temp.resolve("study.yaml");
    Files.writeString(file, Fixture.study(Fixture.images(temp.resolve("images"), 11)).yaml());
    Path through = temp.resolve("through");
    assertEquals(0, ended(started(file, through)));

    Path killed = temp.resolve("killed");
    Random random = new Random(seed);
    List<String> moments = new ArrayList<>();
    for (int i = 0; i < kills; i++) {
      int said = 1 + random.nextInt(3 * SAID_OF_A_CHUNK / 2);
      int millis = random.nextInt(15);
      Process process = started(file, killed);
      String heard = new String(process.getInputStream().readNBytes(said), StandardCharsets.UTF_8);
      assertEquals(said, heard.length(), "the study came to its end before it was killed");
      process.waitFor(millis, TimeUnit.MILLISECONDS);
      process.destroyForcibly();
      assertEquals(137, process.waitFor());
      moments.add("%s and %d ms".formatted(heard, millis));
    }
    assertEquals(0, ended(started(file, killed)));

    Map<String, String> expected = Fixture.bytes(through);
    assertTrue(expected.size() > 100, expected::toString);
    assertEquals(expected, Fixture.bytes(killed), () -> "killed after " + moments);
  }

  private Process started(Path study, Path out) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-Djava.awt.headless=true",
            "-cp",
            System.getProperty("java.class.path"),
            StudyProcess.class.getName(),
            study.toString(),
            out.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static int ended(Process process) throws IOException, InterruptedException {
    try (InputStream said = process.getInputStream()) {
      said.readAllBytes();
    }
    return process.waitFor();
  }
}
