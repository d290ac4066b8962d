package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class MeasureAccuracyTest {

  /** The classes of Fashion-MNIST, as the bundled images are named after them. */
  private static final List<String> CLASSES =
      List.of(
          "t-shirt",
          "trouser",
          "pullover",
          "dress",
          "coat",
          "sandal",
          "shirt",
          "sneaker",
          "bag",
          "ankle-boot");

  private static final String RESOURCES = "src/main/resources/io/metamer/examples/";
  private static final String STANDARD = RESOURCES + "networks/fashion_resnet_standard.onnx";
  private static final String ROBUST = RESOURCES + "networks/fashion_resnet_robust.onnx";

  @TempDir private static Path temp;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  /** The bundled images, each in the folder of its class. */
  @BeforeAll
  static void sortImages() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("fashion"));
    try (Stream<Path> images = Files.list(Path.of(RESOURCES + "images"))) {
      for (Path image : images.sorted().toList()) {
        String name = image.getFileName().toString();
        String of = name.substring(name.indexOf('_') + 1, name.lastIndexOf('.'));
        Files.copy(image, Files.createDirectories(folder.resolve(of)).resolve(name));
      }
    }
    Files.write(temp.resolve("classes.txt"), CLASSES);
  }

  @Test
  void folders_withTheNetworksClasses_giveItsAccuracy() throws IOException {
    assertEquals(
        0,
        accuracy(
            "--network",
            ROBUST,
            "--preprocessing",
            "fashion-mnist",
            "--images",
            "fashion",
            "--classes",
            "classes.txt",
            "--csv",
            temp.resolve("clean.csv").toString()),
        err::toString);
    Line clean = Line.of(out.toString(), "clean");
    assertEquals(120, clean.n);
    assertTrue(
        clean.value > 0.7 && clean.low < clean.value && clean.value < clean.high, out::toString);
    assertFalse(out.toString().contains("under attack"));
    List<String> rows = Files.readAllLines(temp.resolve("clean.csv"));
    assertEquals(121, rows.size());
    long right = rows.stream().filter(r -> r.split(",", -1)[3].equals("true")).count();
    assertEquals(Math.round(clean.value * 120), right);
  }

  /**
   * The same attack fools the standard network and leaves the adversarially trained one standing.
   */
  @Test
  void attack_tellsARobustNetworkFromAStandardOne() throws IOException {
    List<Double> robust = new ArrayList<>();
    for (String network : List.of(STANDARD, ROBUST)) {
      out.getBuffer().setLength(0);
      Path json = temp.resolve("attack.json");
      Path csv = temp.resolve("attack.csv");
      assertEquals(
          0,
          accuracy(
              "--network",
              network,
              "--preprocessing",
              "fashion-mnist",
              "--images",
              "fashion",
              "--classes",
              "classes.txt",
              "--count",
              "40",
              "--attack",
              "l2",
              "--epsilon",
              "1",
              "--steps",
              "10",
              "--json",
              json.toString(),
              "--csv",
              csv.toString()),
          err::toString);
      Line clean = Line.of(out.toString(), "clean");
      Line attacked = Line.of(out.toString(), "under attack");
      assertEquals(40, attacked.n);
      assertTrue(attacked.value <= clean.value, out::toString);
      assertTrue(
          out.toString().contains("(l2 PGD, epsilon 1.0, 10 steps of 0.25, 1 random start"),
          out::toString);
      robust.add(attacked.value);

      JsonNode root = new ObjectMapper().readTree(json.toFile());
      assertEquals(attacked.value, root.get("attack").get("robust").get("value").asDouble(), 5e-5);
      assertEquals(clean.value, root.get("clean").get("value").asDouble(), 5e-5);
      assertEquals(40, root.get("attack").get("outcomes").size());
      int standing = 0;
      for (JsonNode outcome : root.get("attack").get("outcomes")) {
        standing += outcome.get("robust").asBoolean() ? 1 : 0;
        if (outcome.has("adversarial")) {
          assertTrue(outcome.get("adversarial").get("distance").asDouble() <= 1 + 1e-5);
        }
      }
      assertEquals(root.get("attack").get("robust").get("correct").asInt(), standing);
      long rows = Files.readAllLines(csv).stream().filter(r -> r.contains(",true,true,")).count();
      assertEquals(standing, rows);
    }
    assertTrue(robust.get(1) > robust.get(0) + 0.3, robust::toString);
  }

  @Test
  void classesInAnotherOrder_areRemarkedUpon() throws IOException {
    List<String> turned = new ArrayList<>(CLASSES.subList(1, 10));
    turned.add(CLASSES.get(0));
    Files.write(temp.resolve("turned.txt"), turned);
    assertEquals(
        0,
        accuracy(
            "--network",
            ROBUST,
            "--preprocessing",
            "fashion-mnist",
            "--images",
            "fashion",
            "--classes",
            "turned.txt",
            "--count",
            "50"),
        err::toString);
    assertTrue(err.toString().contains("the order of the classes"), err::toString);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--images missing | there is no",
        "--images fashion --count 0 | --count 0: expected at least 1 image",
        "--images fashion --count 500 | expected a count from 1 to its 120 images, got 500",
        "--images fashion --labels classes.txt | --labels: expected beside IDX images only",
        "--images classes.txt | expected CIFAR-10's binary version",
        "--images classes.txt --classes classes.txt | --classes: expected beside a folder of folders",
        "--images fashion --classes missing | there is no",
        "--images fashion --epsilon 1 | expected --attack l2 or --attack linf",
        "--images fashion --attack l2 | --attack l2: expected --epsilon",
        "--images fashion --attack l1 --epsilon 1 | --attack l1: expected l2 or linf",
        "--images fashion --attack l2 --epsilon x | --epsilon x: expected a number above 0",
        "--images fashion --attack l2 --epsilon 8/0 | --epsilon 8/0: expected a number above 0",
        "--images fashion --attack l2 --epsilon 1 --steps 0 | --steps 0: expected at least 1",
        "--images fashion --attack l2 --epsilon 1 --restarts 0 | --restarts 0: expected at least 1",
        "--images fashion --attack l2 --epsilon 1 --loss hinge | --loss hinge: expected cross-entropy, margin or dlr",
        "--images fashion --layer no | no",
        "--images fashion --shape 1,28 | --shape: expected channels, height and width"
      })
  void badInput_isOneSentence(String arguments, String expected) {
    List<String> all = new ArrayList<>(List.of("--network", ROBUST));
    all.addAll(List.of(arguments.split(" ")));
    assertEquals(2, accuracy(all.toArray(String[]::new)), out::toString);
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  // On the reference data.

  /** Half of the last digit that the manifest gives. */
  private static final double DIGIT = 5e-5;

  @ParameterizedTest
  @Tag("reference")
  @CsvSource({"resnet20_std", "resnet4b_at_linf2", "cnn_small_at_linf2"})
  void cifar10Network_hasTheManifestsAccuracy(String network) throws IOException {
    assertEquals(0, cifar10(network), err::toString);
    Line clean = Line.of(out.toString(), "clean");
    assertEquals(10_000, clean.n);
    assertEquals(entry(network).get("clean_acc").asDouble(), clean.value, DIGIT);
  }

  /**
   * The manifest's attacks are of 20 steps on the first images, from starts and with steps of their
   * own: within four standard errors of the difference of two such counts, and far apart for the
   * two kinds of network.
   */
  @ParameterizedTest
  @Tag("reference")
  @CsvSource({
    "resnet20_std, linf, 8/255, pgd20_linf_8_255, 0, 0.02",
    "resnet20_std, l2, 0.5, pgd20_l2_0_5, 0, 0.05",
    "convnet8_std, linf, 8/255, pgd20_linf_8_255, 0, 0.05",
    "resnet4b_at_linf2, linf, 2/255, pgd20_linf_2_255, 0.5, 0.75",
    "cnn_small_at_linf2, linf, 2/255, pgd20_linf_2_255, 0.35, 0.6",
    "cnn_small_at_linf2, l2, 0.5, pgd20_l2_0_5, 0.3, 0.5"
  })
  void cifar10Network_underAttack_isAsRobustAsTheManifestSays(
      String network, String norm, String epsilon, String key, double least, double most)
      throws IOException {
    assertEquals(
        0,
        cifar10(network, "--count", "100", "--attack", norm, "--epsilon", epsilon),
        err::toString);
    double robust = Line.of(out.toString(), "under attack").value;
    double expected = entry(network).get(key).asDouble();
    assertEquals(expected, robust, 4 * Math.sqrt(0.25 / 100 + 0.25 / 500), out::toString);
    assertTrue(robust >= least && robust <= most, out::toString);
  }

  /** The model card's numbers, which PyTorch's evaluation of the same networks gave. */
  @ParameterizedTest
  @Tag("reference")
  @CsvSource({"standard, 0.9217, 0.006, 0.02", "robust, 0.8090, 0.748, 0.02"})
  void bundledNetwork_hasTheNumbersOfItsModelCard(
      String network, double clean, double robust, double slack) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--network",
                network.equals("robust") ? ROBUST : STANDARD,
                "--preprocessing",
                "fashion-mnist",
                "--images",
                reference().resolve("fashion_mnist/t10k-images-idx3-ubyte.gz").toString()));
    assertEquals(0, accuracy(all.toArray(String[]::new)), err::toString);
    assertEquals(clean, Line.of(out.toString(), "clean").value, DIGIT);

    out.getBuffer().setLength(0);
    all.addAll(List.of("--count", "500", "--attack", "l2", "--epsilon", "1"));
    assertEquals(0, accuracy(all.toArray(String[]::new)), err::toString);
    // The same attack on the same 500 images, from other random starts.
    assertEquals(robust, Line.of(out.toString(), "under attack").value, slack);
  }

  private int cifar10(String network, String... more) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--network",
                reference().resolve("cifar10/onnx/" + network + ".onnx").toString(),
                "--images",
                reference().resolve("cifar10/test_batch.bin").toString(),
                "--mean",
                joined(entry(network).get("mean")),
                "--std",
                joined(entry(network).get("std"))));
    all.addAll(List.of(more));
    return accuracy(all.toArray(String[]::new));
  }

  private static String joined(JsonNode numbers) {
    List<String> text = new ArrayList<>();
    numbers.forEach(number -> text.add(number.asText()));
    return String.join(",", text);
  }

  private static JsonNode entry(String network) throws IOException {
    TreeMap<String, JsonNode> entries = new TreeMap<>();
    new ObjectMapper()
        .readTree(reference().resolve("cifar10/models.json").toFile())
        .forEach(model -> entries.put(model.get("file").asText(), model));
    return Objects.requireNonNull(entries.get(network + ".onnx"), network);
  }

  private static Path reference() {
    return Path.of(
        Objects.requireNonNull(
            System.getProperty("metamer.reference"),
            "set -Dmetamer.reference to the folder of the reference data"));
  }

  /** Runs the command; what exists in the folder is taken from there. */
  private int accuracy(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "accuracy";
    for (int i = 0; i < arguments.length; i++) {
      boolean inFolder = Files.exists(temp.resolve(arguments[i]));
      all[i + 1] = inFolder ? temp.resolve(arguments[i]).toString() : arguments[i];
    }
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }

  /** A printed line: a proportion, its interval and the number of images. */
  private record Line(double value, double low, double high, int n) {

    static Line of(String screen, String what) {
      Matcher line =
          Pattern.compile("(?m)^" + what + " +(\\S+) \\[(\\S+), (\\S+)\\], n = (\\d+)")
              .matcher(screen);
      assertTrue(line.find(), screen);
      return new Line(
          Double.parseDouble(line.group(1)),
          Double.parseDouble(line.group(2)),
          Double.parseDouble(line.group(3)),
          Integer.parseInt(line.group(4)));
    }
  }
}
