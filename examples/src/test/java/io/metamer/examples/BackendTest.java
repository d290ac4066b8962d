package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BackendTest {

  @Test
  void gpu_withoutDriver_isRefusedInOneSentence() {
    BadInput e = assertThrows(BadInput.class, () -> Backend.requireUsableGpu(List.of()));
    assertTrue(
        String.valueOf(e.getMessage()).contains("no NVIDIA GPU with a working driver"),
        e::toString);
    assertTrue(String.valueOf(e.getMessage()).contains("Kepler to Ampere, and Ada"), e::toString);
    assertEquals(1, String.valueOf(e.getMessage()).lines().count());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"NVIDIA H100 80GB HBM3, 9.0", "NVIDIA B200, 10.0", "GeForce GTX 680, 3.0"})
  void gpu_ofAnotherGeneration_isRefusedByName(String gpu) {
    BadInput e = assertThrows(BadInput.class, () -> Backend.requireUsableGpu(List.of(gpu)));
    assertTrue(
        String.valueOf(e.getMessage()).contains(gpu.substring(0, gpu.indexOf(','))), e::toString);
    assertTrue(
        String.valueOf(e.getMessage())
            .contains("compute capability " + gpu.substring(gpu.indexOf(',') + 2)),
        e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Tesla K80, 3.7", "NVIDIA A100-SXM4-40GB, 8.0", "NVIDIA L4, 8.9"})
  void gpu_thatTheBackendHoldsCodeFor_passes(String gpu) {
    assertDoesNotThrow(() -> Backend.requireUsableGpu(List.of("NVIDIA H100, 9.0", gpu)));
  }

  @Test
  void check_withTheCpuBackend_asksForNoGpu() {
    assertDoesNotThrow(Backend::check);
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
