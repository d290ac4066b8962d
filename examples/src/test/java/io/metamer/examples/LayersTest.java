package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LayersTest {

  private static final String NETWORKS = "src/main/resources/io/metamer/examples/networks/";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void layers_ofANetworkThatStatesItsSize_areItsTable() {
    assertEquals(0, layers("fashion_resnet_robust.onnx"), err::toString);
    assertTrue(out.toString().startsWith("network      fashion_resnet_robust\n"), out::toString);
    assertTrue(out.toString().contains("\nimages       1 x 28 x 28\n"), out::toString);
    assertTrue(out.toString().contains("\nlayer "), out::toString);
  }

  @Test
  void layers_ofANetworkOfAnySize_areThoseForTheSizeGiven() {
    assertEquals(
        0, layers("fashion_dl4j.zip", "--size", "28x28", "--channels", "1"), err::toString);
    assertTrue(out.toString().contains("\nimages       1 x 28 x 28\n"), out::toString);
    String whole = out.toString();
    out.getBuffer().setLength(0);
    assertEquals(0, layers("fashion_dl4j.zip", "--size", "28"), err::toString);
    assertEquals(whole, out.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "missing.onnx | there is no",
        "../Demo.class | there is no",
        ". | is a folder; expected a network",
        "fashion_dl4j.zip | give --size, such as --size 224x224",
        "fashion_dl4j.zip --size 28x | --size 28x: expected rows and columns",
        "fashion_dl4j.zip --size 0 | sizes of at least 1",
        "fashion_dl4j.zip --size 28 --channels 3 | takes images of 1 x any x any",
        "fashion_dl4j.zip --size 5 | cannot take images of 1 x 5 x 5",
        "fashion_resnet_robust.onnx --size 32 | takes images of 1 x 28 x 28, got 1 x 32 x 32",
        "fashion_resnet_robust.onnx --channels 1 | expected --size beside it"
      })
  void badInput_isOneSentence(String arguments, String expected) {
    assertEquals(2, layers(arguments.split(" ")));
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  private int layers(String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "layers";
    all[1] = "--network";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    all[2] = NETWORKS + arguments[0];
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }
}
