package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Layer;
import io.metamer.model.LayerSelection;
import io.metamer.model.Network;
import io.metamer.model.RepresentationModel;
import io.metamer.model.Taps;
import io.metamer.model.UnsupportedModelException;
import io.metamer.weights.StateDict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Compares a network as it was imported with what the framework it comes from computed. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Compares an imported network with what the framework that it comes from computed.",
      "",
      "Computes the representation of the stored images, and the gradient of sum(cotangent *"
          + " representation) with respect to them, in single precision, and prints how far they are"
          + " from the stored ones: the norm of the difference over the norm of what is stored. A"
          + " gradient that is beyond its tolerance is computed once more in double precision: at"
          + " the kink of a ReLU or maximum, single precision may take either side. The gradient"
          + " agrees if one of the two does.",
      "",
      "All arrays are .npy files of NumPy, with the batch first. An array may have another shape of"
          + " as many numbers, and images and maps may be [N, H, W, C]."
    },
    footer = {
      "",
      "Example:",
      "  metamer verify --network resnet18.onnx --layer penultimate \\",
      "    --images images.npy --preprocessing imagenet --representation r.npy \\",
      "    --cotangent c.npy --gradient g.npy --activations folder",
      "",
      "Exit codes: 0 all within tolerance, 1 something beyond it, 2 bad input."
    })
final class Verify implements Callable<Integer> {

  /** How many images are run at a time, to bound the memory. */
  private static final int PIECE = 8;

  private static final int NAMES_LISTED = 5;

  /** As wide as "representation" and a gap. */
  private static final int NAME = 15;

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Mixin private final NetworkOption network = new NetworkOption();

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description =
          "The layer that is the representation: a name, penultimate, logits, or a regular"
              + " expression; the command layers lists them. May be repeated: the layers are"
              + " flattened and joined. Default: penultimate.")
  private List<String> layers = List.of("penultimate");

  @Option(
      names = "--fake-relu",
      description =
          "The stored gradient takes the last ReLU before the layer for the identity, as published"
              + " searches do.")
  private boolean fakeRelu;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "I.npy",
      description = "The images, [N, C, H, W] or [N, H, W, C], before the preprocessing below.")
  private Path images = Path.of("");

  @Option(
      names = "--bounds",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "LOW,HIGH",
      description =
          "Where pixels are clamped to, which gives those outside a gradient of 0. Default: 0,1,"
              + " widened to hold the images.")
  private double @Nullable [] bounds;

  @Mixin private final PreprocessingOptions pixels = new PreprocessingOptions();

  @Option(
      names = "--representation",
      required = true,
      paramLabel = "R.npy",
      description = "The stored representation of the images.")
  private Path representation = Path.of("");

  @Option(
      names = "--cotangent",
      paramLabel = "C.npy",
      description = "What the representation was multiplied by, of its shape; with --gradient.")
  private @Nullable Path cotangent;

  @Option(
      names = "--gradient",
      paramLabel = "G.npy",
      description = "The stored gradient, of the shape of the images; with --cotangent.")
  private @Nullable Path gradient;

  @Option(
      names = "--activations",
      paramLabel = "DIR",
      description =
          "A folder of stored activations NAME.npy. NAME is a layer's, in which any other character"
              + " than a letter, a digit, '.', '-' or '_' may be replaced by '_'. The first layer"
              + " that departs is named.")
  private @Nullable Path activations;

  @Option(
      names = "--tolerance",
      paramLabel = "E",
      defaultValue = "1e-3",
      description =
          "The largest relative error of the representation and of activations. Default:"
              + " ${DEFAULT-VALUE}.")
  private double tolerance = 1e-3;

  @Option(
      names = "--gradient-tolerance",
      paramLabel = "E",
      description = "The same of the gradient. Default: twice --tolerance.")
  private @Nullable Double gradientTolerance;

  /** What was asked for, and looked at. */
  private record Question(
      Network network, LayerSelection selection, ImageSpec spec, INDArray images, boolean turned) {

    long n() {
      return images.size(0);
    }
  }

  @Override
  public Integer call() {
    try {
      return verify() ? 0 : 1;
    } catch (IOException | IllegalArgumentException | UnsupportedModelException e) {
      throw BadInput.of(e);
    }
  }

  private boolean verify() throws IOException {
    double ofGradient = gradientTolerance == null ? 2 * tolerance : gradientTolerance;
    check("--tolerance", tolerance);
    check("--gradient-tolerance", ofGradient);
    if ((cotangent == null) != (gradient == null)) {
      throw new BadInput("--cotangent and --gradient: expected both or none.");
    }
    Question question = question();
    List<Layer> read = question.network.layers(question.selection, question.spec);
    INDArray expected = array(representation);
    boolean agrees = true;
    try (RepresentationModel model =
        question.network.at(question.selection, question.spec, pixels.preprocessing())) {
      say("network         %s, SHA-256 %s", question.network, question.network.sha256());
      say("layer           %s, %s", model.id().layer(), dimensions(shape(read, model.size())));
      say(
          "images          %d of %s%s in [%s, %s], preprocessing %s",
          question.n(),
          dimensions(Arrays.copyOfRange(question.spec.shape(1), 1, 4)),
          question.turned ? " (stored with channels last)" : "",
          text(question.spec.low()),
          text(question.spec.high()),
          model.id().preprocessing());
      PreprocessingOptions.remark(model.id()).ifPresent(remark -> say("%s", remark));
      say("");
      long[] shape = batched(question.n(), shape(read, model.size()));
      Comparison ofRepresentation =
          Comparison.with(expected, representation, shape, "the representation");
      Comparison ofGradientInFloat = null;
      INDArray c = null;
      if (cotangent != null && gradient != null) {
        // Read before any work: what is wrong with it is known at once.
        c = array(cotangent);
        Comparison.read(c, cotangent, shape, "the representation", false);
        ofGradientInFloat = comparison(question, gradient);
      }
      List<Stored> stored = activations == null ? List.of() : activations(question, activations);
      pieces(
          question.n(),
          (from, to) ->
              ofRepresentation.add(
                  from, to, model.represent(part(question.images, from, to, DataType.FLOAT))));
      agrees &= line("representation", ofRepresentation, tolerance);
      if (c != null && cotangent != null && gradient != null && ofGradientInFloat != null) {
        INDArray weights =
            Comparison.read(
                c, cotangent, shape, "the representation", ofRepresentation.channelsLast());
        gradient(question, model, weights, DataType.FLOAT, ofGradientInFloat);
        boolean inFloat = line("gradient", ofGradientInFloat, ofGradient);
        if (!inFloat) {
          Comparison inDouble = comparison(question, gradient);
          gradient(question, model, weights, DataType.DOUBLE, inDouble);
          inFloat = line("in double", inDouble, ofGradient);
        }
        agrees &= inFloat;
      }
      if (!stored.isEmpty()) {
        agrees &= activationsAgree(question, stored);
      }
    }
    say("");
    say(agrees ? "agrees" : "departs");
    if (!agrees && bounds == null && (question.spec.low() < 0 || question.spec.high() > 1)) {
      say(
          "the images are in [%s, %s]: does the preprocessing expect [0, 1]?",
          text(question.spec.low()), text(question.spec.high()));
    }
    return agrees;
  }

  private static void check(String option, double tolerance) {
    if (!(tolerance > 0) || Double.isInfinite(tolerance)) {
      throw new BadInput("%s: expected a number above 0, got %s.".formatted(option, tolerance));
    }
  }

  private Question question() throws IOException {
    Network net = network.load();
    INDArray stored = array(images);
    if (stored.rank() != 4) {
      throw new BadInput(
          "%s is of shape %s, expected images [N, C, H, W] or [N, H, W, C]."
              .formatted(images, Arrays.toString(stored.shape())));
    }
    boolean turned = channelsLast(stored.shape(), net);
    INDArray x = turned ? stored.permute(0, 3, 1, 2).dup('c') : stored;
    double low = x.minNumber().doubleValue();
    double high = x.maxNumber().doubleValue();
    if (bounds == null) {
      low = Math.min(0, low);
      high = Math.max(1, high);
    } else if (bounds.length != 2) {
      throw new BadInput("--bounds: expected two numbers, low,high.");
    } else {
      low = bounds[0];
      high = bounds[1];
    }
    ImageSpec images =
        new ImageSpec(
            Math.toIntExact(x.size(1)),
            Math.toIntExact(x.size(2)),
            Math.toIntExact(x.size(3)),
            low,
            high);
    LayerSelection selection = LayerSelection.of(layers);
    return new Question(net, fakeRelu ? selection.withFakeRelu() : selection, images, x, turned);
  }

  /** Whether images are [N, H, W, C], by the channels that the network takes or images have. */
  private static boolean channelsLast(long[] shape, Network network) {
    OptionalInt channels = network.channels();
    if (channels.isPresent()) {
      return shape[1] != channels.getAsInt() && shape[3] == channels.getAsInt();
    }
    return shape[1] != 1 && shape[1] != 3 && (shape[3] == 1 || shape[3] == 3);
  }

  /** The numbers of a file, all finite. */
  private static INDArray array(Path file) throws IOException {
    INDArray array = StateDict.load(file).only();
    if (array.isEmpty() || array.rank() == 0) {
      throw new BadInput("%s holds no batch of arrays.".formatted(file));
    }
    INDArray numbers =
        array.dataType() == DataType.FLOAT || array.dataType() == DataType.DOUBLE
            ? array
            : array.castTo(DataType.DOUBLE);
    // A sum is finite only if its terms are.
    if (!Double.isFinite(numbers.sumNumber().doubleValue())) {
      throw new BadInput("%s holds NaN or infinite numbers.".formatted(file));
    }
    return numbers;
  }

  /** One layer's own shape, or the length of several. */
  private static long[] shape(List<Layer> layers, int size) {
    return layers.size() == 1 ? layers.get(0).shape() : new long[] {size};
  }

  private static long[] batched(long n, long[] shape) {
    long[] batched = new long[shape.length + 1];
    batched[0] = n;
    System.arraycopy(shape, 0, batched, 1, shape.length);
    return batched;
  }

  // The gradient.

  private static Comparison comparison(Question question, Path gradient) throws IOException {
    INDArray stored = array(gradient);
    if (question.turned && Arrays.equals(stored.shape(), turned(question.images.shape()))) {
      // As the images, also where their height is their number of channels.
      stored = stored.permute(0, 3, 1, 2).dup('c');
    }
    return Comparison.with(stored, gradient, question.images.shape(), "the images");
  }

  private static long[] turned(long[] shape) {
    return new long[] {shape[0], shape[2], shape[3], shape[1]};
  }

  private static void gradient(
      Question question,
      RepresentationModel model,
      INDArray cotangent,
      DataType type,
      Comparison comparison) {
    pieces(
        question.n(),
        (from, to) -> {
          int[] rows = IntStream.range(0, (int) (to - from)).toArray();
          INDArray c = part(cotangent, from, to, type).reshape('c', to - from, model.size());
          comparison.add(
              from,
              to,
              model
                  .pullBack((r, ignored) -> new ValueAndGradient(new double[rows.length], c))
                  .evaluate(part(question.images, from, to, type), rows)
                  .gradient());
        });
  }

  // Activations.

  /** A stored activation of a layer, under the layer's name or a further one. */
  private record Stored(String layer, String name, Comparison comparison) {}

  /** What is stored in a folder. */
  private List<Stored> activations(Question question, Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new NotDirectoryException(folder.toString());
    }
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files = entries.filter(file -> file.toString().endsWith(".npy")).sorted().toList();
    }
    Map<String, List<Layer>> byFile = new TreeMap<>();
    for (Layer layer : question.network.layers(question.spec)) {
      byFile.computeIfAbsent(fileName(layer.name()), name -> new ArrayList<>()).add(layer);
    }
    List<Stored> stored = new ArrayList<>();
    List<String> strangers = new ArrayList<>();
    for (Path file : files) {
      String name = String.valueOf(file.getFileName()).replaceFirst("\\.npy$", "");
      List<Layer> meant = byFile.getOrDefault(fileName(name), List.of());
      if (meant.isEmpty()) {
        meant = otherwise(question, name);
      }
      if (meant.isEmpty()) {
        strangers.add(name);
        continue;
      }
      Layer layer = meant.get(0);
      if (meant.size() > 1) {
        throw new BadInput(
            "%s: more than one layer has this name, such as %s and %s."
                .formatted(file, layer.name(), meant.get(1).name()));
      }
      long[] shape = batched(question.n(), layer.shape());
      stored.add(
          new Stored(
              layer.name(),
              name,
              Comparison.with(array(file), file, shape, "layer " + layer.name())));
    }
    if (stored.isEmpty()) {
      throw new BadInput(
          "--activations %s: expected files NAME.npy with names of layers, such as %s.npy; there is %s."
              .formatted(
                  folder,
                  byFile.keySet().stream().findFirst().orElse("conv1"),
                  strangers.isEmpty() ? "no .npy file" : "only " + listed(strangers)));
    }
    if (!strangers.isEmpty()) {
      say("not compared, since no layer has such a name: %s", listed(strangers));
    }
    return stored;
  }

  /** A layer's further name, or none. */
  private static List<Layer> otherwise(Question question, String name) {
    try {
      List<Layer> meant = question.network.layers(LayerSelection.of(name), question.spec);
      return meant.size() == 1 ? meant : List.of();
    } catch (IllegalArgumentException | UnsupportedModelException e) {
      return List.of();
    }
  }

  /** A layer's name as one of a file. */
  private static String fileName(String layer) {
    return layer.replaceAll("[^\\p{L}\\p{N}._-]", "_");
  }

  private static String listed(List<String> names) {
    String first = String.join(", ", names.subList(0, Math.min(names.size(), NAMES_LISTED)));
    return names.size() <= NAMES_LISTED
        ? first
        : first + " and %d more".formatted(names.size() - NAMES_LISTED);
  }

  private boolean activationsAgree(Question question, List<Stored> stored) {
    List<String> order = question.network.layers(question.spec).stream().map(Layer::name).toList();
    List<Stored> inOrder =
        stored.stream().sorted(Comparator.comparingInt(s -> order.indexOf(s.layer))).toList();
    List<String> layers = inOrder.stream().map(Stored::layer).distinct().toList();
    try (Taps taps = question.network.taps(layers, question.spec, pixels.preprocessing())) {
      pieces(
          question.n(),
          (from, to) -> {
            List<INDArray> computed = taps.forward(part(question.images, from, to, DataType.FLOAT));
            for (Stored one : inOrder) {
              one.comparison.add(from, to, computed.get(layers.indexOf(one.layer)));
            }
          });
    }
    say("");
    int width = inOrder.stream().mapToInt(one -> label(one).length()).max().orElse(0) + 1;
    String first = null;
    for (Stored one : inOrder) {
      boolean within = line(label(one), Math.max(NAME, width), one.comparison, tolerance);
      if (!within && first == null) {
        first = one.layer;
      }
    }
    say("");
    say(
        "%s",
        first == null
            ? "no stored activation departs"
            : "the first layer that departs is " + first);
    return first == null;
  }

  private static String label(Stored one) {
    return fileName(one.layer).equals(fileName(one.name))
        ? one.layer
        : "%s (%s.npy)".formatted(one.layer, one.name);
  }

  // Pieces and lines.

  /** Something to do with examples from one to before another. */
  private interface Piece {
    void run(long from, long to);
  }

  private static void pieces(long n, Piece piece) {
    for (long from = 0; from < n; from += PIECE) {
      piece.run(from, Math.min(n, from + PIECE));
    }
  }

  private static INDArray part(INDArray batch, long from, long to, DataType type) {
    return batch.get(NDArrayIndex.interval(from, to)).castTo(type).dup('c');
  }

  /** Prints an error, and returns whether it is within the tolerance. NaN is not. */
  private boolean line(String what, Comparison comparison, double tolerance) {
    return line(what, NAME, comparison, tolerance);
  }

  private boolean line(String what, int width, Comparison comparison, double tolerance) {
    double error = comparison.error();
    boolean within = error <= tolerance;
    say(
        "%s relative error %8.2e, %s %s%s",
        what + " ".repeat(Math.max(0, width - what.length())),
        error,
        within ? "within" : "beyond",
        text(tolerance),
        comparison.channelsLast() ? " (stored with channels last)" : "");
    return within;
  }

  private void say(String format, Object... arguments) {
    spec.commandLine().getOut().println(String.format(Locale.ROOT, format, arguments));
    spec.commandLine().getOut().flush();
  }

  private static String text(double number) {
    String text = Double.toString(number);
    return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
  }

  private static String dimensions(long[] shape) {
    return String.join(" x ", Arrays.stream(shape).mapToObj(Long::toString).toList());
  }
}
