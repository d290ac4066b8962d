package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "a POSIX shell script")
final class LauncherTest {

  private static final Path SCRIPT = Path.of("bin", "metamer").toAbsolutePath();

  private final Path elsewhere;

  LauncherTest(@TempDir Path elsewhere) {
    this.elsewhere = elsewhere;
  }

  @Test
  void launcher_throughALinkFromAnotherFolder_findsTheProgram() throws Exception {
    Path link = Files.createSymbolicLink(elsewhere.resolve("met amer"), SCRIPT);
    Ended run = run(link, Map.of(), "--version");
    assertEquals(0, run.code(), run::err);
    assertEquals("metamer " + Bundled.version(), run.out().strip());
  }

  @Test
  void launcher_withoutJava_saysSo() throws Exception {
    Ended run = run(SCRIPT, Map.of("JAVA_HOME", "/no/such/folder"), "--version");
    assertEquals(1, run.code());
    assertEquals(
        "metamer: Java was not found: install a JDK, version 17 or newer, or set JAVA_HOME to one.",
        run.err().strip());
  }

  @Test
  void launcher_withAnOldJava_saysWhichItFound() throws Exception {
    Path java = Files.createDirectories(elsewhere.resolve("jdk/bin")).resolve("java");
    Files.writeString(java, "#!/bin/sh\necho '    java.specification.version = 11' >&2\n");
    assertTrue(java.toFile().setExecutable(true));
    Ended run = run(SCRIPT, Map.of("JAVA_HOME", elsewhere.resolve("jdk").toString()), "--version");
    assertEquals(1, run.code());
    assertTrue(run.err().contains("Java 17 or newer is needed"), run::err);
    assertTrue(run.err().contains("is version 11"), run::err);
  }

  @Test
  void launcher_givenAnotherBackend_namesTheTwo() throws Exception {
    Ended run = run(SCRIPT, Map.of("METAMER_BACKEND", "tpu"), "--version");
    assertEquals(1, run.code());
    assertEquals(
        "metamer: expected METAMER_BACKEND to be cpu or cuda, got tpu.", run.err().strip());
  }

  @Test
  void launcher_withCudaAndNoDriver_refusesInOneSentence() throws Exception {
    assumeTrue(Backend.lines("nvidia-smi").isEmpty(), "this machine has a GPU");
    Ended run = run(SCRIPT, Map.of("METAMER_BACKEND", "cuda"), "demo");
    assertEquals(2, run.code());
    assertEquals(1, run.err().lines().count(), run::err);
    assertTrue(run.err().contains("no NVIDIA GPU with a working driver was found"), run::err);
  }

  private record Ended(int code, String out, String err) {}

  private Ended run(Path script, Map<String, String> environment, String... args)
      throws IOException, InterruptedException {
    String[] command = new String[args.length + 1];
    command[0] = script.toString();
    System.arraycopy(args, 0, command, 1, args.length);
    ProcessBuilder builder = new ProcessBuilder(command).directory(elsewhere.toFile());
    builder.environment().putAll(environment);
    Path err = elsewhere.resolve("stderr");
    Process process = builder.redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), out, Files.readString(err));
  }
}
