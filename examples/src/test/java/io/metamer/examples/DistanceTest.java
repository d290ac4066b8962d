package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.image.Seeds;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DistanceTest {

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    for (String side : List.of("one", "two")) {
      Files.createDirectories(folder.resolve(side));
      long seed = side.equals("one") ? 1 : 2;
      for (String name : List.of("a.png", "b.png", "c.png")) {
        noise(folder.resolve(side).resolve(name), 16, seed++);
      }
    }
    noise(folder.resolve("large.png"), 20, 1);
    Files.createDirectories(folder.resolve("three"));
    noise(folder.resolve("three/a.png"), 16, 1);
  }

  @Test
  void twoImages_giveOneNumberOfSixDigits() throws IOException {
    assertEquals(0, distance("--metric", "ssim", "one/a.png", "two/a.png"), err::toString);
    assertTrue(out.toString().matches("[01]\\.\\d{6}\\R"), out::toString);

    out.getBuffer().setLength(0);
    // Equal, as the second side's seeds are the first's, one further.
    assertEquals(0, distance("--metric", "ssim", "one/b.png", "two/a.png"), err::toString);
    assertEquals("0.000000", out.toString().strip());
  }

  @Test
  void twoFolders_giveALineForEachName_andATable() throws IOException {
    Path csv = folder.resolve("table.csv");
    assertEquals(
        0, distance("--metric", "l2", "--csv", csv.toString(), "one", "two"), err::toString);

    List<String> lines = out.toString().lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(0).matches("a\\.png 0\\.\\d{6}"), lines::toString);
    List<String> table = Files.readAllLines(csv);
    assertEquals("a,b,distance", table.get(0));
    assertEquals(4, table.size());
    assertTrue(table.get(1).endsWith(lines.get(0).replace("a.png ", ",")), table::toString);
  }

  @Test
  void oneFolder_givesALineForEachPair() {
    assertEquals(0, distance("--metric", "ssim", "two"), err::toString);

    List<String> lines = out.toString().lines().toList();
    assertEquals(3, lines.size());
    assertTrue(lines.get(1).matches("a\\.png c\\.png [01]\\.\\d{6}"), lines::toString);
  }

  @Test
  void structureAtSeveralScales_andDecibels_areNumbersOfPairs() throws IOException {
    noise(folder.resolve("one/wide.png"), 161, 1);
    noise(folder.resolve("two/wide.png"), 161, 2);
    assertEquals(0, distance("--metric", "ms-ssim", "one/wide.png", "two/wide.png"), err::toString);
    assertTrue(out.toString().matches("[01]\\.\\d{6}\\R"), out::toString);

    out.getBuffer().setLength(0);
    assertEquals(0, distance("--metric", "l2", "one/a.png", "two/a.png"), err::toString);
    double root = Double.parseDouble(out.toString().strip());
    out.getBuffer().setLength(0);
    assertEquals(0, distance("--metric", "psnr", "one/a.png", "two/a.png"), err::toString);
    // The root mean square error is printed to six digits.
    assertEquals(-20 * Math.log10(root), Double.parseDouble(out.toString().strip()), 1e-4);

    out.getBuffer().setLength(0);
    assertEquals(0, distance("--metric", "psnr", "one/b.png", "two/a.png"), err::toString);
    assertEquals("Infinity", out.toString().strip());
  }

  @Test
  @Tag("reference")
  void lpips_ofTheExamples_isTheDocumentedNumber_andHasAMap() throws IOException {
    Path data =
        Path.of(
            Objects.requireNonNull(
                System.getProperty("metamer.reference"),
                "set -Dmetamer.reference to the folder of the reference data"));
    String weights = data.resolve("lpips").toString();
    String a = data.resolve("images/lpips_examples/ex_ref.png").toString();
    String b = data.resolve("images/lpips_examples/ex_p0.png").toString();
    Path map = folder.resolve("map.png");

    assertEquals(0, distance("--weights", weights, "--map", map.toString(), a, b), err::toString);
    assertEquals("0.721881", out.toString().strip());
    assertArrayEquals(new long[] {1, 3, 64, 64}, Images.readWhole(map, 3).shape());

    out.getBuffer().setLength(0);
    assertEquals(
        0,
        distance("--metric", "lpips-squeeze", "--heads", "v0.0", "--weights", weights, a, b),
        err::toString);
    assertEquals("0.396770", out.toString().strip());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--metric ssim one/a.png large.png | large.png is 20 x 20: expected two images of one size",
        "--metric ssim one/a.png missing.png | there is no",
        "--metric ssim one/a.png | expected a second image",
        "--metric ssim one/a.png two | got one of each",
        "--metric ssim one three | b.png is in",
        "--metric ssim three one | b.png is in",
        "--metric ssim three | expected two images or more, found one",
        "--metric no one/a.png two/a.png | --metric no: expected one of lpips-alex, lpips-vgg, lpips-squeeze, dists, ssim, ms-ssim, psnr, l2",
        "one/a.png two/a.png | --metric lpips-alex: expected --weights",
        "--metric dists one/a.png two/a.png | --metric dists: expected --weights",
        "--metric dists --weights one one/a.png two/a.png | expected a file of VGG16 whose name begins with vgg16",
        "--metric ms-ssim one/a.png two/a.png | at least 161 rows and columns",
        "--weights missing one/a.png two/a.png | there is no missing.",
        "--weights one one/a.png two/a.png | expected a file of AlexNet",
        "--heads 7 --weights one one/a.png two/a.png | --heads 7: expected v0.1, v0.0 or none",
        "--metric ssim --map m.png one/a.png two/a.png | --map: expected two images and a metric of LPIPS"
      })
  void badInput_isOneSentence(String arguments, String expected) {
    assertEquals(2, distance(arguments.split(" ")));
    assertTrue(err.toString().contains(expected), err::toString);
    assertEquals(1, err.toString().lines().count(), err::toString);
  }

  /** Runs the command; what exists in the folder is taken from there. */
  private int distance(String... arguments) {
    String[] all = new String[arguments.length + 1];
    all[0] = "distance";
    for (int i = 0; i < arguments.length; i++) {
      boolean path = arguments[i].contains(".png") || Files.exists(folder.resolve(arguments[i]));
      all[i + 1] = path ? folder.resolve(arguments[i]).toString() : arguments[i];
    }
    return Metamer.run(new PrintWriter(out, true), new PrintWriter(err, true), all);
  }

  private static void noise(Path file, int size, long seed) throws IOException {
    ImageSpec spec = ImageSpec.rgb(size);
    Images.write(Seeds.shared(spec, 1, seed).slice(0), spec, file);
  }
}
