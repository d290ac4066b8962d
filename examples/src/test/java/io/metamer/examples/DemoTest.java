package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DemoTest {

  private static final String NETWORKS = "src/main/resources/io/metamer/examples/networks/";

  private final Path temp;

  DemoTest(@TempDir Path temp) {
    this.temp = temp;
  }

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void demo_onBundledNetworks_writesAllThatItPrints() throws IOException {
    assertEquals(0, demo("--count", "4", "--iterations", "3"), err::toString);

    JsonNode root = new ObjectMapper().readTree(file("results.json").toFile());
    assertFalse(root.get("interrupted").booleanValue());
    assertEquals(6, root.get("rows").size());
    for (JsonNode row : root.get("rows")) {
      assertEquals(4, row.get("outcomes").size());
      String mean = Table.decimals(row.at("/relativeDistance/all/mean").doubleValue(), 3);
      assertTrue(
          out.toString()
              .lines()
              .anyMatch(
                  l ->
                      l.startsWith("  " + row.get("regularizer").textValue() + " ")
                          && l.contains(" " + mean + " [")),
          () -> mean + " in\n" + out);
      boolean adversarial = row.get("regularizer").textValue().equals("adversarial");
      assertEquals(adversarial, row.at("/scores/0/heldOut").booleanValue());
    }
    for (String network : List.of("standard", "robust")) {
      BufferedImage grid = ImageIO.read(file("grid-" + network + ".png").toFile());
      assertEquals(5 * (84 + 6) + 6, grid.getHeight());
      for (String regularizer : List.of("none", "tv-l6", "adversarial")) {
        try (var images = Files.list(file("images/" + network + "/" + regularizer))) {
          assertEquals(4, images.count());
        }
      }
    }
    assertTrue(Files.readString(file("report.html")).contains("examples/bin/metamer demo"));
    assertTrue(out.toString().contains("Report: file:"), out::toString);
  }

  @Test
  void demo_twice_givesTheSameImages() throws IOException {
    List<byte[]> images = new ArrayList<>();
    for (int run = 0; run < 2; run++) {
      assertEquals(
          0, demo("--count", "1", "--iterations", "5", "--regularizer", "none"), err::toString);
      images.add(Files.readAllBytes(file("grid-standard.png")));
    }
    assertTrue(Arrays.equals(images.get(0), images.get(1)));
  }

  @Test
  void demo_withTrajectory_drawsEachSearchUntilTheNextRun() throws IOException {
    String[] options = {"--count", "2", "--iterations", "6", "--regularizer", "none"};
    assertEquals(0, demo(prepend(options, "--trajectory")), err::toString);
    for (String network : List.of("standard", "robust")) {
      BufferedImage first = ImageIO.read(file("searches/" + network + "/none.gif").toFile());
      assertEquals(3 * (2 * 30 + 2), first.getWidth());
      assertTrue(Files.readString(file("searches/" + network + "/none.svg")).contains("</svg>"));
      assertTrue(ImageIO.read(file("searches/" + network + "/none.png").toFile()) != null);
    }
    assertEquals(0, demo(options), err::toString);
    assertFalse(Files.exists(file("searches")));
  }

  @Test
  void demo_onOwnNetworkAndImages_runsOnThese() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("mine"));
    for (int i = 0; i < 3; i++) {
      ImageIO.write(
          new BufferedImage(40 + i, 50, BufferedImage.TYPE_INT_RGB) {
            {
              for (int k = 0; k < 40; k++) {
                setRGB(k, k, 0xff8800 + k);
              }
            }
          },
          "png",
          folder.resolve("photo" + i + ".png").toFile());
    }
    assertEquals(
        0,
        demo(
            "--network",
            NETWORKS + "fashion_resnet_robust.onnx",
            "--mean",
            "0.286",
            "--std",
            "0.353",
            "--images",
            folder.toString(),
            "--regularizer",
            "none",
            "--regularizer",
            "tv-l6",
            "--iterations",
            "2",
            "--seed",
            "7"),
        err::toString);
    JsonNode root = new ObjectMapper().readTree(file("results.json").toFile());
    assertEquals(2, root.get("rows").size());
    assertEquals("fashion_resnet_robust", root.at("/rows/0/network").textValue());
    assertEquals("photo2", root.at("/targets/2").textValue());
    assertEquals(7, root.get("seed").intValue());
    assertTrue(root.at("/command").textValue().contains("--seed 7"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--iterations 0 | expected at least 1 step",
        "--iterations many | many",
        "--count 0 | expected at least 1 image",
        "--regularizer lpips | lpips",
        "--layer penultimat | penultimate",
        "--network missing.onnx | missing.onnx",
        "--network pom.xml | is not an ONNX model",
        "--images missing | there is no missing",
        "--images pom.xml | pom.xml is not a folder",
        "--mean 0.5 | --mean tells of --network, but there is none",
        "--network NETS/fashion_dl4j.zip | give --shape, such as 1,28,28",
        "--network NETS/fashion_dl4j.zip --shape 28,28 | expected channels, height and width",
        "--network NETS/fashion_dl4j.zip --shape 3,28,28 | 1 x any x any, got 3 x 28 x 28",
        "--out pom.xml/sub | pom.xml/sub",
        "--images . | expected only PNG and JPEG",
        "--network NETS/fashion_resnet_robust.onnx --mean 1,2 --std 1,2 | one mean",
        "--out pom.xml | is a file, expected a folder",
        "--out src | files that metamer did not write",
        "--colour | Unknown option"
      })
  void demo_givenBadInput_endsWithTwoAndASentence(String options, String sentence) {
    String[] args = options.replace("NETS/", NETWORKS).split(" ");
    int code = options.contains("--out") ? run(prepend(args, "demo")) : demo(args);
    assertEquals(2, code, err::toString);
    assertTrue(err.toString().startsWith("metamer: "), err::toString);
    assertTrue(err.toString().contains(sentence), err::toString);
    assertFalse(err.toString().contains("\tat "), err::toString);
    assertEquals("", out.toString());
  }

  @Test
  void demo_onBadInput_leavesNoFolder() {
    assertEquals(2, demo("--layer", "nowhere"));
    assertFalse(Files.exists(temp.resolve("out")));
  }

  @Test
  void demo_onANetworkTrainedWithDl4j_runs() throws IOException {
    assertEquals(
        0,
        demo(
            "--network",
            NETWORKS + "fashion_dl4j.zip",
            "--shape",
            "1,28,28",
            "--images",
            NETWORKS + "../images",
            "--count",
            "3",
            "--iterations",
            "2"),
        err::toString);
    JsonNode root = new ObjectMapper().readTree(file("results.json").toFile());
    assertEquals("features", root.at("/rows/0/provenance/layer").textValue());
  }

  @Test
  void demo_onNetworksOrImagesOfOneName_keepsThemApart() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("mine"));
    Path images = Path.of(NETWORKS, "../images");
    Files.copy(images.resolve("00000_ankle-boot.png"), folder.resolve("a.png"));
    Files.copy(images.resolve("00001_pullover.png"), folder.resolve("a.jpg"));
    String network = NETWORKS + "fashion_resnet_robust.onnx";
    assertEquals(
        0,
        demo(
            "--network",
            network,
            "--network",
            network,
            "--images",
            folder.toString(),
            "--iterations",
            "1",
            "--regularizer",
            "none"),
        err::toString);
    for (String name : List.of("fashion_resnet_robust", "fashion_resnet_robust-2")) {
      assertTrue(Files.exists(file("grid-" + name + ".png")));
      assertTrue(Files.exists(file("images/" + name + "/none/a.png")));
      assertTrue(Files.exists(file("images/" + name + "/none/a-2.png")));
    }
  }

  @Test
  void demo_onTheNetworkOfTheJudge_doesNotLetItJudge() throws IOException {
    assertEquals(
        0,
        demo(
            "--network",
            NETWORKS + "fashion_vgg_judge.onnx",
            "--count",
            "1",
            "--iterations",
            "1",
            "--regularizer",
            "none"),
        err::toString);
    JsonNode judges = new ObjectMapper().readTree(file("results.json").toFile()).get("judges");
    assertEquals("[\"SSIM\"]", judges.toString());
  }

  @Test
  void demo_ofATruncatedNetwork_isRefused() throws IOException {
    byte[] whole = Files.readAllBytes(Path.of(NETWORKS + "fashion_resnet_robust.onnx"));
    Path half = Files.write(temp.resolve("half.onnx"), Arrays.copyOf(whole, whole.length / 2));
    assertEquals(2, demo("--network", half.toString()), err::toString);
    assertTrue(err.toString().contains("half"), err::toString);
  }

  @Test
  void demo_withStacktrace_showsWhere() {
    assertEquals(2, demo("--layer", "nowhere", "--stacktrace"));
    assertTrue(err.toString().contains("\tat io.metamer"), err::toString);
  }

  /** Ctrl-C sends SIGINT; SIGTERM takes the same way, and no shell can have it ignored. */
  @Test
  void demo_whenTheProcessIsTerminated_leavesWhatWasFound() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Metamer.class.getName(),
                "demo",
                "--count",
                "3",
                "--iterations",
                "1000000",
                "--out",
                temp.resolve("out").toString())
            .redirectOutput(temp.resolve("stdout").toFile())
            .start();
    try (BufferedReader progress = process.errorReader(StandardCharsets.UTF_8)) {
      // Newer JDKs print warnings about native code first.
      String line = progress.readLine();
      while (line != null && !line.equals("standard, none")) {
        line = progress.readLine();
      }
      assertEquals("standard, none", line);
      process.destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(temp.resolve("stdout"));
    assertTrue(said.contains("Interrupted: 0 of 6 searches done; what was found is in "), said);
    JsonNode root = new ObjectMapper().readTree(file("results.json").toFile());
    assertTrue(root.get("interrupted").booleanValue());
    assertEquals("INTERRUPTED", root.at("/rows/0/outcomes/0/stop").textValue());
    assertTrue(Files.exists(file("report.html")));
    assertTrue(Files.exists(file("grid-standard.png")));
  }

  private Path file(String name) {
    return temp.resolve("out").resolve(name);
  }

  private int demo(String... options) {
    String[] args = prepend(options, "demo");
    args = Arrays.copyOf(args, args.length + 2);
    args[args.length - 2] = "--out";
    args[args.length - 1] = temp.resolve("out").toString();
    return run(args);
  }

  private int run(String... args) {
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), args);
  }

  private static String[] prepend(String[] args, String first) {
    List<String> all = new ArrayList<>(List.of(first));
    all.addAll(List.of(args));
    return all.toArray(String[]::new);
  }
}
