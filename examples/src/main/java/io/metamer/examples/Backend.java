package io.metamer.examples;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * Whether this machine can run the released CUDA backend, asked before ND4J is touched: ND4J itself
 * would end in a native stack trace.
 */
final class Backend {

  /** Compute capabilities that nd4j-cuda-11.6 1.0.0-M2.1 holds machine code for. */
  private static final Set<String> COMPILED =
      Set.of("3.7", "5.0", "5.2", "6.0", "6.1", "7.0", "7.5", "8.0", "8.6");

  /** Runs code of 8.6: machine code runs on later minor versions. */
  private static final Set<String> COMPATIBLE = Set.of("6.2", "7.2", "8.7", "8.9");

  private static final String CUDA_CLASS = "org.nd4j.linalg.jcublas.JCublasBackend";

  private static final String SUPPORTED =
      "the released backend nd4j-cuda-11.6 supports NVIDIA GPUs from Kepler to Ampere, and Ada"
          + " (compute capability 3.7 to 8.9), not Hopper or Blackwell;"
          + " to compute on the CPU, unset METAMER_BACKEND or leave out -Pcuda";

  private Backend() {}

  /**
   * Ends with code 2 and a sentence if the CUDA backend cannot run here. Launcher and build run
   * this file alone, before the backend is downloaded; it uses nothing but the JDK.
   *
   * @param args none
   */
  public static void main(String[] args) {
    refusal(nvidiaSmi())
        .ifPresent(
            why -> {
              System.err.println("metamer: " + why);
              System.exit(2);
            });
  }

  /** Why the backend on the class path cannot run here, if it is CUDA's and cannot. */
  static Optional<String> refusal() {
    return onClassPath(CUDA_CLASS) ? refusal(nvidiaSmi()) : Optional.empty();
  }

  /**
   * Why no GPU can run the CUDA backend, if none can.
   *
   * @param gpus lines "name, compute capability", as nvidia-smi prints them
   */
  static Optional<String> refusal(List<String> gpus) {
    if (gpus.isEmpty()) {
      return Optional.of(
          "CUDA was asked for, but no NVIDIA GPU with a working driver was found (nvidia-smi lists"
              + " none); "
              + SUPPORTED
              + ".");
    }
    if (gpus.stream().noneMatch(Backend::usable)) {
      String found = gpus.stream().map(Backend::described).collect(Collectors.joining(" and "));
      return Optional.of("CUDA was asked for, but found %s; %s.".formatted(found, SUPPORTED));
    }
    return Optional.empty();
  }

  private static boolean usable(String gpu) {
    String capability = capability(gpu);
    return COMPILED.contains(capability) || COMPATIBLE.contains(capability);
  }

  private static String capability(String gpu) {
    return gpu.substring(gpu.lastIndexOf(',') + 1).strip();
  }

  private static String described(String gpu) {
    String name = gpu.substring(0, Math.max(0, gpu.lastIndexOf(','))).strip();
    return "%s with compute capability %s".formatted(name, capability(gpu));
  }

  private static boolean onClassPath(String name) {
    return Backend.class.getClassLoader().getResource(name.replace('.', '/') + ".class") != null;
  }

  /** What the driver's own tool lists; nothing where there is no driver. */
  private static List<String> nvidiaSmi() {
    return lines("nvidia-smi", "--query-gpu=name,compute_cap", "--format=csv,noheader");
  }

  static List<String> lines(String... command) {
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String text =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      boolean done = process.waitFor(30, TimeUnit.SECONDS);
      return done && process.exitValue() == 0 && !text.isEmpty()
          ? text.lines().toList()
          : List.of();
    } catch (IOException e) {
      // There is no such program: no driver.
      return List.of();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return List.of();
    }
  }
}
