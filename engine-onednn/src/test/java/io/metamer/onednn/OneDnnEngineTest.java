package io.metamer.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.metamer.network.Engine;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The engine as others find it. */
final class OneDnnEngineTest {

  @Test
  void preferred_withTheModule_isTheOneOfOneDnn() {
    assertEquals(List.of("onednn", "nd4j"), Engine.available().stream().map(Engine::name).toList());
  }
}
