package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionOptions;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Regularizer;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.network.Engine;
import io.metamer.network.MachineSpeed;
import io.metamer.perceptual.Lpips;
import io.metamer.regularizers.PublishedRegularizers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * One run of one engine, in a process of its own, so that its memory is its own too. The benchmark
 * starts it.
 */
final class BenchmarkRun {

  /** The first steps compile and warm up. */
  static final int SKIPPED = 3;

  /** The job that measures the rate of a matrix product: of one second as a step. */
  static final String PRODUCT = "product";

  private BenchmarkRun() {}

  /**
   * Prints the median milliseconds of a step, and the operations of a step that are counted.
   *
   * @param args the folder of what the peer made, the network's file or -, the job, images in a
   *     step, and steps
   */
  public static void main(String[] args) throws IOException {
    Path folder = Path.of(args[0]);
    String job = args[2];
    int batch = Integer.parseInt(args[3]);
    int steps = Integer.parseInt(args[4]);
    List<Double> times = new ArrayList<>();
    long operations = 0;
    if (job.equals(PRODUCT)) {
      operations = Math.round(MachineSpeed.measure().operationsPerSecond());
      times.add(1000.0);
    } else if (job.startsWith("distance_")) {
      distance(folder, Integer.parseInt(job.substring(9)), batch, steps, times);
    } else {
      operations = search(folder, Network.load(Path.of(args[1])), job, batch, steps, times);
    }
    System.out.printf(
        Locale.ROOT,
        "{\"engine\": \"%s\", \"ms_per_step_median\": %.4f, \"operations_per_step\": %d}%n",
        Engine.preferred().name(),
        Benchmark.median(times),
        operations);
  }

  private static long search(
      Path folder, Network network, String job, int batch, int steps, List<Double> times)
      throws IOException {
    ImageSpec spec = spec(network);
    try (Penalty penalty = Penalty.of(job, folder);
        RepresentationModel model = network.at("penultimate", spec, preprocessing(spec))) {
      InversionOptions options =
          InversionOptions.defaults()
              .withIterations(steps + SKIPPED)
              .withRegularizer(penalty.regularizer)
              .withRawSeed(true)
              .withBatch(batch);
      long[] last = {0};
      new Inverter(model, options)
          .invert(
              images(folder, "targets", spec, batch),
              images(folder, "seeds", spec, batch),
              iteration -> {
                long now = System.nanoTime();
                if (iteration.index()[0] > SKIPPED) {
                  times.add((now - last[0]) / 1e6);
                }
                last[0] = now;
              })
          .close();
      return penalty.distances.isEmpty() ? batch * model.cost().orElseThrow().operations() : 0;
    }
  }

  private static void distance(Path folder, int size, int batch, int steps, List<Double> times)
      throws IOException {
    ImageSpec spec = ImageSpec.rgb(size);
    try (Lpips lpips = lpips(folder)) {
      DifferentiableLoss loss = lpips.to(images(folder, "targets", spec, batch));
      INDArray x = spec.clip(Seeds.perImage(spec, batch, 5L));
      int[] rows = IntStream.range(0, batch).toArray();
      for (int step = 0; step < steps + SKIPPED; step++) {
        long start = System.nanoTime();
        loss.evaluate(x, rows);
        if (step >= SKIPPED) {
          times.add((System.nanoTime() - start) / 1e6);
        }
      }
    }
  }

  /** A penalty with the distance that it holds, whose work is not counted. */
  private record Penalty(Regularizer regularizer, List<Lpips> distances) implements AutoCloseable {

    static Penalty of(String job, Path folder) throws IOException {
      if (job.equals("lpips")) {
        Lpips lpips = lpips(folder);
        return new Penalty(PublishedRegularizers.adversarial(lpips), List.of(lpips));
      }
      return new Penalty(
          job.equals("none") ? Regularizer.none() : PublishedRegularizers.freqTvL6(), List.of());
    }

    @Override
    public void close() {
      distances.forEach(Lpips::close);
    }
  }

  private static Lpips lpips(Path folder) throws IOException {
    return Lpips.untrusted(
        folder.resolve("alexnet.npz"),
        folder.resolve("lin_alex.npz"),
        Lpips.Trunk.ALEX,
        "random heads");
  }

  private static ImageSpec spec(Network network) {
    long[] shape =
        network
            .input()
            .orElseThrow(
                () -> new BadInput(network + ": expected a network that states its images' size."));
    return new ImageSpec((int) shape[0], (int) shape[1], (int) shape[2], 0, 1);
  }

  private static Preprocessing preprocessing(ImageSpec spec) {
    return spec.channels() == 3 ? Preprocessing.imagenet() : Preprocessing.none();
  }

  /** What the peer made, if it made such images and enough of them; else noise. */
  private static INDArray images(Path folder, String kind, ImageSpec spec, int batch) {
    Path file = folder.resolve("%s_%d.npy".formatted(kind, spec.height()));
    if (spec.channels() == 3 && Files.exists(file)) {
      INDArray made = Nd4j.createFromNpyFile(file.toFile());
      if (made.size(3) == spec.width() && made.size(0) >= batch) {
        return made.get(NDArrayIndex.interval(0, batch)).dup('c');
      }
    }
    return kind.equals("targets")
        ? spec.clip(Seeds.perImage(spec, batch, 1L))
        : Seeds.shared(spec, batch, 2L);
  }
}
