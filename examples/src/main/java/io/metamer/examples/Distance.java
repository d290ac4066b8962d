package io.metamer.examples;

import io.metamer.image.HeatMap;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.perceptual.Dists;
import io.metamer.perceptual.Lpips;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.perceptual.MultiScaleStructuralSimilarity;
import io.metamer.perceptual.PeakSignalToNoiseRatio;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.perceptual.PixelDistance;
import io.metamer.perceptual.StructuralSimilarity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Prints how different images look to a perceptual distance. */
@Command(
    name = "distance",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Prints how different images look: 0 for the same image, larger for images that look less"
          + " alike; of psnr, decibels, which are the other way round.",
      "",
      "Of two images, A.png B.png, the number alone. Of two folders, one line for each name that is"
          + " in both. Of one folder, one line for each pair of its images. The number is the last"
          + " word of a line.",
      "",
      "Images are PNG or JPEG. They are never resized: those of a pair have to be of one size."
    },
    footer = {
      "",
      "Example:",
      "  metamer distance --metric lpips-alex --weights lpips A.png B.png --map where.png",
      "",
      "Where the weights of LPIPS are from: docs/perceptual-distances.md.",
      "",
      "Exit codes: 0 done, 2 bad input."
    })
final class Distance implements Callable<Integer> {

  /** Makes a distance; the options that it may need are those of the command. */
  private interface Source {
    PerceptualDistance open(Distance command) throws IOException;
  }

  /** The distances by name; those that need weights ask for them. */
  private static final Map<String, Source> METRICS = new LinkedHashMap<>();

  static {
    for (Trunk trunk : Trunk.values()) {
      METRICS.put("lpips-" + trunk.label(), command -> command.lpips(trunk));
    }
    METRICS.put("dists", command -> Dists.load(command.folder()));
    METRICS.put("ssim", command -> new StructuralSimilarity());
    METRICS.put("ms-ssim", command -> new MultiScaleStructuralSimilarity());
    METRICS.put("psnr", command -> new PeakSignalToNoiseRatio());
    METRICS.put("l2", command -> new PixelDistance());
  }

  /** Lists the distances. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return METRICS.keySet().iterator();
    }
  }

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Option(
      names = "--metric",
      paramLabel = "NAME",
      defaultValue = "lpips-alex",
      completionCandidates = Names.class,
      description =
          "Which distance: ${COMPLETION-CANDIDATES}. ssim and ms-ssim are 1 minus the structural"
              + " similarity, at one scale and at five; psnr is the signal-to-noise ratio in"
              + " decibels; l2 is the root mean square difference of pixels. Default:"
              + " ${DEFAULT-VALUE}.")
  private String metric = "lpips-alex";

  @Option(
      names = "--weights",
      paramLabel = "DIR",
      description =
          "The folder of the trunk and the heads of LPIPS, or of VGG16 and the weights of DISTS: the"
              + " official files, or the same weights as .safetensors, .npz or, LPIPS' trunks only,"
              + " .onnx.")
  private @Nullable Path weights;

  @Option(
      names = "--heads",
      paramLabel = "V",
      defaultValue = "v0.1",
      description =
          "Which heads of LPIPS: v0.1, the ones that are meant by LPIPS; v0.0, for old numbers; or"
              + " none, the baseline without learned weights. Default: ${DEFAULT-VALUE}.")
  private String heads = "v0.1";

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Also writes the pairs with their distances as a table.")
  private @Nullable Path csv;

  @Option(
      names = "--map",
      paramLabel = "FILE.png",
      description =
          "Also writes a picture of where two images look different to LPIPS: the first image in"
              + " gray, under red and yellow to white where they differ most.")
  private @Nullable Path map;

  @Parameters(
      arity = "1..2",
      paramLabel = "IMAGES",
      description = "Two images, two folders of images, or one folder.")
  private List<Path> images = List.of();

  /** Two images; the label is what stands before the number. */
  private record Pair(Path a, Path b, String label) {}

  @Override
  public Integer call() {
    try {
      List<Pair> pairs = pairs();
      if (map != null && (pairs.size() != 1 || !metric.startsWith("lpips-"))) {
        throw new BadInput("--map: expected two images and a metric of LPIPS.");
      }
      PerceptualDistance distance = distance();
      try {
        measure(distance, pairs);
      } finally {
        if (distance instanceof Lpips lpips) {
          lpips.close();
        } else if (distance instanceof Dists dists) {
          dists.close();
        }
      }
      return 0;
    } catch (IOException | IllegalArgumentException e) {
      throw BadInput.of(e);
    }
  }

  private PerceptualDistance distance() throws IOException {
    Source source = METRICS.get(metric.toLowerCase(Locale.ROOT));
    if (source == null) {
      throw new BadInput(
          "--metric %s: expected one of %s."
              .formatted(metric, String.join(", ", METRICS.keySet())));
    }
    return source.open(this);
  }

  private Lpips lpips(Trunk trunk) throws IOException {
    Heads version =
        switch (heads.toLowerCase(Locale.ROOT)) {
          case "v0.1", "0.1" -> Heads.V0_1;
          case "v0.0", "0.0" -> Heads.V0_0;
          case "none" -> Heads.NONE;
          default ->
              throw new BadInput("--heads %s: expected v0.1, v0.0 or none.".formatted(heads));
        };
    return Lpips.load(folder(), trunk, version);
  }

  private Path folder() {
    if (weights == null) {
      throw new BadInput(
          "--metric %s: expected --weights, the folder of its files; docs/perceptual-distances.md says where to get them."
              .formatted(metric));
    }
    return weights;
  }

  private void measure(PerceptualDistance distance, List<Pair> pairs) throws IOException {
    List<String> table = new ArrayList<>(List.of("a,b,distance"));
    for (Pair pair : pairs) {
      INDArray a = Images.readWhole(pair.a, 3);
      INDArray b = Images.readWhole(pair.b, 3);
      if (!Arrays.equals(a.shape(), b.shape())) {
        throw new BadInput(
            "%s is %s and %s is %s: expected two images of one size; they are never resized."
                .formatted(pair.a, size(a), pair.b, size(b)));
      }
      double value;
      try {
        value = distance.between(a, b)[0];
        if (distance instanceof PeakSignalToNoiseRatio) {
          value = PeakSignalToNoiseRatio.decibels(value);
        }
      } catch (IllegalArgumentException e) {
        throw new BadInput("%s and %s: %s".formatted(pair.a, pair.b, e.getMessage()), e);
      }
      String number = String.format(Locale.ROOT, "%.6f", value);
      spec.commandLine()
          .getOut()
          .println(pair.label.isEmpty() ? number : pair.label + " " + number);
      spec.commandLine().getOut().flush();
      table.add("%s,%s,%s".formatted(quoted(pair.a.toString()), quoted(pair.b.toString()), number));
      if (map != null && distance instanceof Lpips lpips) {
        write(lpips, a, b, map);
      }
    }
    if (csv != null) {
      Files.write(csv, table);
    }
  }

  private static void write(Lpips lpips, INDArray a, INDArray b, Path file) throws IOException {
    INDArray where = lpips.map(a, b).reshape(a.size(2), a.size(3));
    double largest = where.maxNumber().doubleValue();
    INDArray picture =
        HeatMap.over(
            a.reshape(3, a.size(2), a.size(3)), where, largest > 0 ? largest : Double.MIN_NORMAL);
    ImageSpec spec = new ImageSpec(3, (int) a.size(2), (int) a.size(3), 0, 1);
    Images.write(picture, spec, file);
  }

  // Which pairs.

  private List<Pair> pairs() throws IOException {
    for (Path path : images) {
      if (!Files.exists(path)) {
        throw new NoSuchFileException(path.toString());
      }
    }
    Path first = images.get(0);
    boolean folder = Files.isDirectory(first);
    if (images.size() == 1) {
      if (!folder) {
        throw new BadInput(
            "%s: expected a second image to compare it with, or a folder.".formatted(first));
      }
      return allPairs(first);
    }
    Path second = images.get(1);
    if (folder != Files.isDirectory(second)) {
      throw new BadInput(
          "%s and %s: expected two images or two folders, got one of each."
              .formatted(first, second));
    }
    return folder ? byName(first, second) : List.of(new Pair(first, second, ""));
  }

  private static List<Pair> allPairs(Path folder) throws IOException {
    List<Path> files = Images.files(folder);
    List<Pair> pairs = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      for (int j = i + 1; j < files.size(); j++) {
        Path a = files.get(i);
        Path b = files.get(j);
        pairs.add(new Pair(a, b, a.getFileName() + " " + b.getFileName()));
      }
    }
    if (pairs.isEmpty()) {
      throw new BadInput("%s: expected two images or more, found one.".formatted(folder));
    }
    return pairs;
  }

  private static List<Pair> byName(Path first, Path second) throws IOException {
    Map<String, Path> others = new TreeMap<>();
    Images.files(second).forEach(file -> others.put(String.valueOf(file.getFileName()), file));
    List<Pair> pairs = new ArrayList<>();
    for (Path file : Images.files(first)) {
      String name = String.valueOf(file.getFileName());
      if (!others.containsKey(name)) {
        throw new BadInput(
            "%s is in %s and not in %s: expected the same names in both."
                .formatted(name, first, second));
      }
      pairs.add(new Pair(file, Objects.requireNonNull(others.remove(name)), name));
    }
    if (!others.isEmpty()) {
      throw new BadInput(
          "%s is in %s and not in %s: expected the same names in both."
              .formatted(others.keySet().iterator().next(), second, first));
    }
    return pairs;
  }

  private static String size(INDArray image) {
    return "%d x %d".formatted(image.size(2), image.size(3));
  }

  /** A cell of a table. */
  static String quoted(String text) {
    return text.matches("[^\",\\r\\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
