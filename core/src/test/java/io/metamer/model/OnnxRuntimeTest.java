package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operator of the table as ONNX Runtime computes it, and its gradient. */
final class OnnxRuntimeTest {

  static Stream<OnnxCase> cases() {
    return Stream.of(
            OnnxLayerCases.all(),
            OnnxFunctionCases.all(),
            OnnxPartCases.all(),
            OnnxResizeCases.all(),
            OnnxShapeCases.all(),
            OnnxNetworkCases.all())
        .flatMap(all -> all);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void operator_onImages_agreesWithOnnxRuntime(OnnxCase network) throws Exception {
    network.assertValues();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("cases")
  void gradient_ofAnOperator_isThatOfCentralDifferences(OnnxCase network) throws Exception {
    network.assertGradient();
  }

  @Test
  void table_everyOperator_hasACase() {
    Set<String> without = new TreeSet<>(OnnxOperators.names());
    cases().forEach(network -> without.removeAll(network.file().operators()));
    // Of operator sets after 21: the same nodes as two others that have cases.
    assertEquals(Set.of("RMSNormalization", "Swish"), without);
  }
}
