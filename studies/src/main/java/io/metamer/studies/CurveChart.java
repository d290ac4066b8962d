package io.metamer.studies;

import io.metamer.inversion.Curves;
import io.metamer.inversion.Curves.Curve;
import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws how a search went: relative distance, loss and gradient norm by iteration. The median of
 * all images is a thick line, some of the images, at most {@value #LINES}, are thin ones.
 *
 * @since 0.1
 */
public final class CurveChart {

  private static final int WIDTH = 400;
  private static final int HEIGHT = 280;

  /** What names of searches take beside the last panel. */
  private static final int LEGEND = 170;

  /** Between the numbers of the axis of iterations. */
  private static final int TICKS = 70;

  /** Images that are drawn one by one, at most: each segment of a line is an element of an SVG. */
  private static final int LINES = 20;

  private static final Color IMAGE = new Color(31, 119, 180, 60);

  private CurveChart() {}

  /**
   * Draws one search: the median of its images, and some of them.
   *
   * @param curves what was heard of the search, of at least one image
   * @param file where to, ending in .svg or .png; an existing file is replaced
   * @throws IllegalArgumentException if the file ends in something else, or there are no curves
   * @throws IOException if it cannot be written
   */
  public static void write(Curves curves, Path file) throws IOException {
    write(Map.of("median", curves), file);
  }

  /**
   * Draws several searches in one chart: the median of the images of each, with its name.
   *
   * @param searches what was heard of each search, of at least one image, by its name; drawn in the
   *     map's order
   * @param file where to, ending in .svg or .png; an existing file is replaced
   * @throws IllegalArgumentException if the file ends in something else, or there are no curves
   * @throws IOException if it cannot be written
   */
  public static void write(Map<String, Curves> searches, Path file) throws IOException {
    String name = String.valueOf(file.getFileName());
    if (!name.endsWith(".svg") && !name.endsWith(".png")) {
      throw new IllegalArgumentException("expected a file that ends in .svg or .png, got " + file);
    }
    Map<String, List<Curve>> all = new LinkedHashMap<>();
    searches.forEach(
        (search, curves) ->
            all.put(search, IntStream.of(curves.rows()).mapToObj(curves::of).toList()));
    if (all.isEmpty() || all.containsValue(List.<Curve>of())) {
      throw new IllegalArgumentException("expected curves of at least 1 image, got none");
    }
    List<XYChart> charts =
        List.of(
            chart("relative distance", all, Curve::distance),
            chart("loss", all, Curve::loss),
            chart("gradient norm", all, Curve::gradientNorm));
    int legend = all.size() > 1 ? LEGEND : 0;
    charts.get(charts.size() - 1).getStyler().setLegendVisible(legend > 0);
    Panels panels = new Panels(charts, WIDTH, HEIGHT, legend);
    Files.write(file, name.endsWith(".svg") ? panels.svg() : panels.png());
  }

  private static XYChart chart(
      String title, Map<String, List<Curve>> searches, Function<Curve, double[]> number) {
    XYChart chart = Panels.chart(WIDTH, HEIGHT, title, "iteration", "");
    boolean logarithmic =
        searches.values().stream()
            .flatMap(List::stream)
            .flatMapToDouble(c -> Arrays.stream(number.apply(c)))
            .allMatch(v -> !(v < 0));
    chart
        .getStyler()
        .setYAxisLogarithmic(logarithmic)
        .setXAxisDecimalPattern("0")
        .setXAxisTickMarkSpacingHint(TICKS);
    if (searches.size() == 1) {
      List<Curve> curves = searches.values().iterator().next();
      int lines = Math.min(LINES, curves.size());
      for (int i = 0; i < lines; i++) {
        Curve curve = curves.get((int) ((long) i * curves.size() / lines));
        add(chart, "image " + i, curve.iteration(), shown(number.apply(curve), logarithmic))
            .setLineColor(IMAGE)
            .setLineStyle(new BasicStroke(1));
      }
    }
    int colour = 0;
    for (Map.Entry<String, List<Curve>> search : searches.entrySet()) {
      List<Curve> curves = search.getValue();
      Curve longest = curves.stream().reduce((a, b) -> last(a) < last(b) ? b : a).orElseThrow();
      double[] medians =
          IntStream.of(longest.iteration())
              .mapToDouble(t -> median(curves.stream().mapToDouble(c -> number.apply(c)[c.at(t)])))
              .toArray();
      add(chart, search.getKey(), longest.iteration(), shown(medians, logarithmic))
          .setLineColor(Panels.colour(colour++))
          .setLineStyle(new BasicStroke(2));
    }
    return chart;
  }

  private static XYSeries add(XYChart chart, String name, int[] iterations, double[] y) {
    double[] x = Arrays.stream(iterations).asDoubleStream().toArray();
    if (x.length > 1) {
      // The library labels what is equally spaced by every n-th number, such as 0, 9 and 18.
      x[1] += 1e-3;
    }
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE);
    return series;
  }

  /** What can be drawn; the rest becomes a gap. */
  private static double[] shown(double[] numbers, boolean logarithmic) {
    return Arrays.stream(numbers)
        .map(v -> Double.isFinite(v) && (v > 0 || !logarithmic) ? v : Double.NaN)
        .toArray();
  }

  private static int last(Curve curve) {
    return curve.iteration()[curve.iteration().length - 1];
  }

  private static double median(DoubleStream numbers) {
    double[] sorted = numbers.sorted().toArray();
    return (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2;
  }
}
