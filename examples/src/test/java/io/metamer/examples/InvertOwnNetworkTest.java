package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.metrics.AlignmentReport;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InvertOwnNetworkTest {

  private final Path temp;

  InvertOwnNetworkTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void alignment_ofTheRobustNetwork_matchesItsImagesAndScoresThem() throws IOException {
    Path weights = copy("networks/fashion_resnet_robust.onnx", temp.resolve("mine.onnx"));
    Path folder = Files.createDirectory(temp.resolve("images"));
    for (String name : Bundled.images(4)) {
      copy("images/" + name, folder.resolve(name));
    }

    AlignmentReport report = InvertOwnNetwork.alignment(weights, folder);

    assertEquals("2AFC", report.metric());
    assertEquals("SSIM", report.observer());
    assertEquals(4, report.trials());
    assertTrue(report.matchedTrials() >= 3, report::toString);
    assertTrue(report.all().orElseThrow().value() >= 0.5, report::toString);
  }

  @Test
  void main_withoutArguments_saysWhatItExpects() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class, () -> InvertOwnNetwork.main(new String[] {"one.onnx"}));
    assertEquals("expected an ONNX file and a folder of images", e.getMessage());
  }

  private static Path copy(String resource, Path file) throws IOException {
    try (InputStream stream = InvertOwnNetwork.class.getResourceAsStream(resource)) {
      Files.copy(Objects.requireNonNull(stream), file);
    }
    return file;
  }
}
