package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ComparePresetsTest {

  private static final String BUNDLED = "src/main/resources/io/metamer/examples/";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void presets_areRowsOfATable() {
    assertEquals(
        0,
        presets(
            "--preprocessing",
            "fashion-mnist",
            "--images",
            BUNDLED + "images",
            "--count",
            "2",
            "--iterations",
            "30",
            "--preset",
            "nanda2023",
            "--preset",
            "fast"),
        err::toString);
    List<String> lines = out.toString().lines().toList();
    assertTrue(lines.get(0).startsWith("fashion_resnet_robust.onnx, 2 images; "), out::toString);
    assertTrue(lines.get(2).startsWith("preset"), out::toString);
    assertTrue(lines.get(3).matches("nanda2023 +31 +0\\.\\d+ .*"), out::toString);
    assertTrue(
        lines.get(4).matches("fast +31 +0\\.\\d+ .* (\\d\\.\\d+|none), (\\d\\.\\d+|none), \\d"),
        out::toString);
    assertEquals(5, lines.size());
  }

  @Test
  void help_isWhole() {
    assertEquals(
        0, Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), "presets", "-h"));
    assertTrue(out.toString().replaceAll("\\s+", " ").contains("within 1 % of"), out::toString);
    assertEquals("", err.toString());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--images IMAGES --preset fest | expected a preset among nanda2023",
        "--images nowhere | nowhere",
        "--cifar10 IMAGES/00000_ankle-boot.png | expected CIFAR-10's binary version",
        "--images IMAGES --count 0 | expected at least 1 image",
        "--images IMAGES --layer nowhere | nowhere",
        "--images IMAGES --iterations -1 | expected at least 0 iterations",
        "--count 3 | (--images=DIR | --cifar10=FILE | --idx=FILE)"
      })
  void badInput_isOneSentence(String arguments, String expected) {
    assertEquals(2, presets(arguments.replace("IMAGES", BUNDLED + "images").split(" ")));
    assertTrue(err.toString().contains(expected), err::toString);
  }

  private int presets(String... more) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of("presets", "--network", BUNDLED + "networks/fashion_resnet_robust.onnx"));
    arguments.addAll(List.of(more));
    return Metamer.run(
        new PrintWriter(out, true), new PrintWriter(err, true), arguments.toArray(new String[0]));
  }
}
