package io.metamer.studies;

import de.erichseifert.vectorgraphics2d.VectorGraphics2D;
import de.erichseifert.vectorgraphics2d.svg.SVGProcessor;
import de.erichseifert.vectorgraphics2d.util.PageSize;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler.LegendPosition;

/**
 * Charts side by side, drawn as SVG and PNG.
 *
 * @param charts at least one; the last one may have a legend
 * @param width of each, without the legend
 * @param height of each
 * @param legend what the legend takes beside the last one; 0 for none
 */
record Panels(List<XYChart> charts, int width, int height, int legend) {

  /** Pixels of a PNG for each unit of the drawing. */
  private static final int DENSITY = 2;

  private static final Pattern CLIP = Pattern.compile("clip-?\\d+");

  /** Told apart by the colour-blind too (Okabe and Ito, 2008), after the first. */
  static final List<Color> COLOURS =
      List.of(
          new Color(20, 60, 110),
          new Color(213, 94, 0),
          new Color(0, 158, 115),
          new Color(204, 121, 167),
          new Color(230, 159, 0),
          new Color(86, 180, 233));

  private static final Font PLAIN = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
  static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 11);

  static Color colour(int i) {
    return COLOURS.get(i % COLOURS.size());
  }

  /** An empty chart as all of them look. */
  static XYChart chart(int width, int height, String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(width)
            .height(height)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart
        .getStyler()
        .setAxisTickLabelsFont(SMALL)
        .setAxisTitleFont(SMALL)
        .setPlotGridLinesColor(new Color(225, 225, 225))
        .setAxisTickMarkLength(4)
        .setLegendVisible(false)
        .setLegendPosition(LegendPosition.OutsideE)
        .setLegendBorderColor(Color.WHITE)
        .setLegendFont(SMALL)
        .setChartBackgroundColor(Color.WHITE)
        .setPlotBorderVisible(false)
        .setChartTitleBoxVisible(false)
        .setChartTitleFont(PLAIN);
    return chart;
  }

  /** The width of the drawing. */
  int all() {
    return width * charts.size() + legend;
  }

  byte[] svg() {
    VectorGraphics2D g = new VectorGraphics2D();
    paint(g);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      new SVGProcessor()
          .getDocument(g.getCommands(), new PageSize(0, 0, all(), height))
          .writeTo(bytes);
    } catch (IOException e) {
      throw new AssertionError("memory can be written to", e);
    }
    return numbered(bytes.toString(StandardCharsets.UTF_8)).getBytes(StandardCharsets.UTF_8);
  }

  /** The library names what it clips by after the hash codes of objects, which differ each time. */
  private static String numbered(String svg) {
    Map<String, String> names = new LinkedHashMap<>();
    return CLIP.matcher(svg)
        .replaceAll(
            clip -> names.computeIfAbsent(clip.group(), name -> "clip-" + (names.size() + 1)));
  }

  byte[] png() {
    BufferedImage picture =
        new BufferedImage(all() * DENSITY, height * DENSITY, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = picture.createGraphics();
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.scale(DENSITY, DENSITY);
    paint(g);
    g.dispose();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // In memory: ImageIO's cache of files needs a shutdown hook, and fails when the JVM goes down.
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(picture, "png", stream);
    } catch (IOException e) {
      throw new AssertionError("memory can be written to", e);
    }
    return bytes.toByteArray();
  }

  private void paint(Graphics2D g) {
    AffineTransform left = g.getTransform();
    for (int i = 0; i < charts.size(); i++) {
      charts.get(i).paint(g, width + (i == charts.size() - 1 ? legend : 0), height);
      left.translate(width, 0);
      g.setTransform(left);
    }
  }
}
