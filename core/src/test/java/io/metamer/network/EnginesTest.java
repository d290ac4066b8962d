package io.metamer.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

/** Which engines there are with the library alone. */
final class EnginesTest {

  @Test
  void preferred_withTheLibraryAlone_isTheOneOfNd4j() {
    assertEquals("nd4j", Engine.preferred().name());
    assertEquals(0, Engine.preferred().priority());
    assertTrue(Engine.preferred().usable());
  }

  @Test
  void available_withTheLibraryAlone_isTheOneOfNd4j() {
    assertEquals(List.of("nd4j"), Engine.available().stream().map(Engine::name).toList());
  }

  @Test
  void preferred_isTheOneThatThePropertyNames() {
    try {
      System.setProperty(Engine.PROPERTY, "nd4j");
      assertEquals("nd4j", Engine.preferred().name());
      System.setProperty(Engine.PROPERTY, "abacus");
      IllegalStateException refused = assertThrows(IllegalStateException.class, Engine::preferred);
      assertEquals(
          "system property metamer.engine: expected one of [nd4j], got abacus",
          refused.getMessage());
    } finally {
      System.clearProperty(Engine.PROPERTY);
    }
  }

  @Test
  void fallbacks_ofTheOneOfNd4j_areNone() {
    Graph graph = Networks.residual(List.of("logits"));
    try (CompiledNetwork network = Engine.preferred().compile(graph, 1, DataType.FLOAT)) {
      assertEquals(List.of(), network.fallbacks());
    }
  }
}
