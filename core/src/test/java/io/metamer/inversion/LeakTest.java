package io.metamer.inversion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.KerasNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What is left of a process's memory, threads and open files after much searching. */
@Tag("slow")
@EnabledOnOs(OS.LINUX)
final class LeakTest {

  private static final ImageSpec SPEC = new ImageSpec(3, 8, 8, 0, 1);

  @Test
  void memory_over20000StepsAsImagesComeAndLeave_staysWhereItWasAfter4000() {
    int n = 2_200;
    int[] steps = {0};
    List<Held> held = new ArrayList<>();
    InversionListener listener =
        iteration -> {
          if (++steps[0] % 4_000 == 0) {
            held.add(Held.now());
          }
        };
    InversionOptions options =
        InversionOptions.defaults()
            .withBatch(8)
            .withStep(StepRule.adam(0.02))
            .withRegularizer(new Leaving(n));
    try (RepresentationModel model = load();
        InversionResult result =
            new Inverter(model, options).invert(noise(n, 1), noise(n, 2), listener)) {
      assertEquals(n, result.size());
    }
    assertTrue(held.size() >= 5, held.toString());
    held.get(0).assertNoLessThan(held.get(held.size() - 1));
  }

  @Test
  void searches_aHundred_leaveNothingBehind() {
    Held afterTen = null;
    for (int i = 0; i < 110; i++) {
      if (i == 10) {
        System.gc();
        afterTen = Held.now();
      }
      search();
    }
    System.gc();
    afterTen.assertNoLessThan(Held.now());
  }

  private static void search() {
    int n = 24;
    InversionOptions options =
        InversionOptions.defaults()
            .withBatch(16)
            .withIterations(60)
            .withStep(StepRule.lbfgs())
            .withRegularizer(new Leaving(n));
    try (RepresentationModel model = load();
        InversionResult result = new Inverter(model, options).invert(noise(n, 1), noise(n, 2))) {
      assertEquals(n, result.size());
    }
  }

  private static RepresentationModel load() {
    try {
      return KerasNetwork.load(
              Path.of("src", "test", "resources", "golden", "same", "network.keras"))
          .at("features", SPEC, Preprocessing.none());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static INDArray noise(int n, long seed) {
    return SPEC.clip(Seeds.perImage(SPEC, n, seed).muli(0.2).addi(0.5));
  }

  /** What this process holds: bytes, threads and open files. */
  private record Held(long resident, long offHeap, int threads, long files) {

    /** Of resident memory: less than 400 bytes a step. */
    private static final long SLACK = 8 << 20;

    void assertNoLessThan(Held later) {
      String both = this + ", then " + later;
      assertTrue(later.resident <= resident + SLACK, both);
      assertTrue(later.offHeap <= offHeap + (1 << 20), both);
      assertEquals(threads, later.threads, both);
      assertEquals(files, later.files, both);
    }

    static Held now() {
      try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"));
          Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
        long resident =
            status
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElseThrow();
        return new Held(
            resident, Pointer.totalBytes(), Thread.getAllStackTraces().size(), files.count());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** A penalty of 0 that ends the search for each image at an iteration of its own, 20 to 139. */
  private record Leaving(int images) implements Regularizer {

    @Override
    public String name() {
      return "leaving";
    }

    @Override
    public DifferentiableLoss bind(InversionProblem problem) {
      int[] evaluations = new int[images];
      return (x, rows) ->
          new ValueAndGradient(
              IntStream.of(rows)
                  .mapToDouble(row -> evaluations[row]++ == 20 + row * 37 % 120 ? Double.NaN : 0)
                  .toArray(),
              x.ulike().assign(0));
    }
  }
}
