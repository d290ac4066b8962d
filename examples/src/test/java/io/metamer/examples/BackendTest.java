package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BackendTest {

  @Test
  void gpu_withoutDriver_isRefusedInOneSentence() {
    String why = Backend.refusal(List.of()).orElseThrow();
    assertTrue(why.contains("no NVIDIA GPU with a working driver"), why);
    assertTrue(why.contains("Kepler to Ampere, and Ada"), why);
    assertEquals(1, why.lines().count());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"NVIDIA H100 80GB HBM3, 9.0", "NVIDIA B200, 10.0", "GeForce GTX 680, 3.0"})
  void gpu_ofAnotherGeneration_isRefusedByName(String gpu) {
    String why = Backend.refusal(List.of(gpu)).orElseThrow();
    assertTrue(why.contains(gpu.substring(0, gpu.indexOf(','))), why);
    assertTrue(why.contains("compute capability " + gpu.substring(gpu.indexOf(',') + 2)), why);
  }

  @ParameterizedTest
  @ValueSource(strings = {"Tesla K80, 3.7", "NVIDIA A100-SXM4-40GB, 8.0", "NVIDIA L4, 8.9"})
  void gpu_thatTheBackendHoldsCodeFor_passes(String gpu) {
    assertEquals(Optional.empty(), Backend.refusal(List.of("NVIDIA H100, 9.0", gpu)));
  }

  @Test
  void refusal_withTheCpuBackend_asksForNoGpu() {
    assertEquals(Optional.empty(), Backend.refusal());
  }

  @Test
  void lines_ofAProgramThatIsNotThere_areNone() {
    assertEquals(List.of(), Backend.lines("no-such-program-as-this"));
  }

  @Test
  void lines_ofAProgramThatFails_areNone() {
    assertEquals(List.of(), Backend.lines("sh", "-c", "echo NVIDIA; exit 9"));
  }

  @Test
  void lines_ofAProgram_areWhatItPrints() {
    assertEquals(
        List.of("a, 8.0", "b, 9.0"), Backend.lines("sh", "-c", "echo a, 8.0; echo b, 9.0"));
  }
}
