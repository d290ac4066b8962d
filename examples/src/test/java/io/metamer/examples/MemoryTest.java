package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Regularizer;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.StructuralSimilarity;
import io.metamer.regularizers.PublishedRegularizers;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Memory over a long search; the profile that runs it gives it a heap of 512 MB, resident from the
 * start.
 */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
final class MemoryTest {

  @Test
  void residentMemory_over2000Steps_staysWhereItWasAfter100() throws IOException {
    assertEquals(512.0, Runtime.getRuntime().maxMemory() / 1048576.0, 16, "MB of heap");
    ImageSpec spec = ImageSpec.gray(28);
    Regularizer everything =
        PublishedRegularizers.freqTvL6()
            .plus(PublishedRegularizers.adversarial(new StructuralSimilarity()).times(0.01));
    try (InputStream file =
            Objects.requireNonNull(
                getClass().getResourceAsStream("networks/fashion_resnet_robust.onnx"));
        RepresentationModel model =
            OnnxNetwork.read(file, "robust")
                .at("penultimate", spec, Preprocessing.fashionMnist())) {
      INDArray targets = Seeds.grayNoise(spec, 12, 1L);
      INDArray seeds = Seeds.shared(spec, 12, 2L);
      InversionOptions options =
          InversionOptions.defaults().withIterations(2_000).withRegularizer(everything);
      long[] resident = new long[2_001];
      try (InversionResult result =
          new Inverter(model, options)
              .invert(targets, seeds, t -> resident[t.index()[0]] = residentKilobytes())) {
        assertEquals(12, result.size());
      }
      double growth = (double) resident[2_000] / resident[100] - 1;
      assertTrue(
          growth <= 0.05,
          "after 100 steps %d MB, after 2,000 %d MB"
              .formatted(resident[100] >> 10, resident[2_000] >> 10));
    }
  }

  private static long residentKilobytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
