package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Times the steps of the search that the PyTorch peer calls job {@code none}: its network, targets
 * and seeds, no regularizer. Arguments: the peer's folder, the batch size, the number of steps. Set
 * {@code OMP_NUM_THREADS} for both, and let the two alternate.
 */
public final class InversionBenchmark {

  // The first steps compile and warm up.
  private static final int SKIPPED = 3;

  private InversionBenchmark() {}

  /**
   * Prints one line of JSON, as the peer does.
   *
   * @param arguments folder, batch, steps
   * @throws IOException if the peer's files cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    int batch = Integer.parseInt(arguments[1]);
    int steps = Integer.parseInt(arguments[2]);
    INDArray targets = first(folder.resolve("targets.npy"), batch);
    INDArray seeds = first(folder.resolve("seeds.npy"), batch);
    List<Double> times = new ArrayList<>();
    try (RepresentationModel model =
        OnnxNetwork.load(folder.resolve("resnet18_cifar.onnx"))
            .at("penultimate", ImageSpec.rgb(32), Preprocessing.cifar10())) {
      long[] last = {0};
      InversionOptions options =
          InversionOptions.defaults().withIterations(steps + SKIPPED).withRawSeed(true);
      new Inverter(model, options)
          .invert(
              targets,
              seeds,
              iteration -> {
                long now = System.nanoTime();
                if (iteration.index() > SKIPPED) {
                  times.add((now - last[0]) / 1e6);
                }
                last[0] = now;
              })
          .close();
    }
    times.sort(null);
    System.out.printf(
        "{\"job\": \"none\", \"batch\": %d, \"steps\": %d, \"ms_per_step_median\": %.1f,"
            + " \"ms_per_step_min\": %.1f}%n",
        batch, times.size(), times.get(times.size() / 2), times.get(0));
  }

  private static INDArray first(Path file, int count) {
    return Nd4j.createFromNpyFile(file.toFile()).get(NDArrayIndex.interval(0, count)).dup('c');
  }
}
