package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.Curves;
import io.metamer.inversion.InversionListener.Iteration;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.xml.sax.SAXException;

final class CurveChartTest {

  private final Path folder;

  CurveChartTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void chart_asPng_isAPictureWithLines() throws IOException {
    Path file = folder.resolve("curves.png");
    CurveChart.write(curves(3, 0), file);
    BufferedImage picture = ImageIO.read(file.toFile());
    assertEquals(2_400, picture.getWidth());
    Set<Integer> colours = new HashSet<>();
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        colours.add(picture.getRGB(x, y) & 0xffffff);
      }
    }
    assertTrue(colours.contains(0x143c6e), "the median's colour");
  }

  @Test
  void chart_asSvg_isOneOfThreePanels()
      throws IOException, ParserConfigurationException, SAXException {
    Path file = folder.resolve("curves.svg");
    CurveChart.write(curves(3, 0), file);
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    Document svg = factory.newDocumentBuilder().parse(file.toFile());
    assertEquals("0 0 1200 280", svg.getDocumentElement().getAttribute("viewBox"));
    // Three images and their median, in three panels, of five points each.
    assertTrue(svg.getElementsByTagName("line").getLength() >= 4 * 3 * 4);
  }

  @Test
  void searches_inOneChart_haveTheirNamesBesideIt() throws IOException {
    Path file = folder.resolve("both.svg");
    CurveChart.write(Map.of("ascent", curves(3, 0), "descent", curves(2, 1)), file);
    assertTrue(Files.readString(file).contains("viewBox=\"0 0 1370 280\""));
  }

  @Test
  void size_ofAnSvg_isBoundedForManyImages() throws IOException {
    Path some = folder.resolve("some.svg");
    Path many = folder.resolve("many.svg");
    CurveChart.write(curves(20, 0), some);
    CurveChart.write(curves(500, 0), many);
    assertTrue(Files.size(many) < 2 * Files.size(some));
  }

  @Test
  void numbers_thatCannotBeDrawn_areGaps() throws IOException {
    // A loss may be negative, and anything may be infinite.
    for (double shift : new double[] {-10, Double.POSITIVE_INFINITY, Double.NaN}) {
      Path file = folder.resolve("curves.png");
      CurveChart.write(curves(2, shift), file);
      assertTrue(Files.size(file) > 0);
    }
  }

  @Test
  void file_ofAnotherKind_isRefusedAndNotMade() {
    Path file = folder.resolve("curves.pdf");
    assertThrows(IllegalArgumentException.class, () -> CurveChart.write(curves(1, 0), file));
    assertThrows(
        IllegalArgumentException.class,
        () -> CurveChart.write(new Curves(5), folder.resolve("none.png")));
    assertFalse(Files.exists(file));
  }

  private static Curves curves(int images, double shift) {
    Curves curves = new Curves(10);
    for (int row = 0; row < images; row++) {
      for (int t = 0; t < 5 + row % 3; t++) {
        double v = 1.0 / (1 + row + t);
        curves.evaluated(
            new Iteration(
                new int[] {row},
                new int[] {t},
                10,
                new double[] {v},
                new double[] {v + shift},
                new double[] {shift},
                new double[] {t == 4 ? 0 : v},
                k -> {
                  throw new AssertionError("no image is needed");
                }));
      }
    }
    return curves;
  }
}
