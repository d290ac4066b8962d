package io.metamer.studies;

import io.metamer.metrics.Interval;
import io.metamer.metrics.PublishedAlignment;
import io.metamer.metrics.PublishedAlignment.ObserverRow;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Pooled;
import java.awt.BasicStroke;
import java.awt.Color;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** The plots of a study. */
final class StudyCharts {

  private static final int WIDTH = 420;
  private static final int HEIGHT = 320;
  private static final int LEGEND = 210;

  /** What a network on the axis of networks takes at least, in units of the drawing. */
  private static final int NETWORK = 90;

  /** What a network takes at most, and what a letter of its name does. */
  private static final int LONGEST = 260;

  private static final int LETTER = 6;

  /** Distances that differ by more than this factor are drawn on a logarithmic axis. */
  private static final double WIDE = 30;

  /** Where the room for the names of networks begins, on the axis of percent. */
  private static final double BELOW = -10;

  private static final Color SOFT = new Color(130, 130, 130);

  private static final BasicStroke LINE = new BasicStroke(1.6f);
  private static final BasicStroke DASHED =
      new BasicStroke(1, BasicStroke.CAP_BUTT, BasicStroke.JOIN_MITER, 10, new float[] {5, 4}, 0);

  private static final List<Marker> MARKERS =
      List.of(
          SeriesMarkers.CIRCLE,
          SeriesMarkers.SQUARE,
          SeriesMarkers.DIAMOND,
          SeriesMarkers.TRIANGLE_UP,
          SeriesMarkers.TRIANGLE_DOWN,
          SeriesMarkers.CROSS);

  private StudyCharts() {}

  /** Alignment by network and regularizer, with intervals: a panel for each test. */
  static Panels alignment(StudyScores scores) {
    List<String> networks = StudyTables.distinct(scores.pooled(), Pooled::network);
    List<String> regularizers = StudyTables.distinct(scores.pooled(), Pooled::regularizer);
    int longest = networks.stream().mapToInt(String::length).max().orElse(0);
    int each = Math.max(NETWORK, Math.min(LONGEST, LETTER * longest + 20));
    int width = Math.max(WIDTH, 80 + each * networks.size());
    List<XYChart> charts = new ArrayList<>();
    for (String test : StudyTables.distinct(scores.pooled(), Pooled::test)) {
      XYChart chart = Panels.chart(width, HEIGHT, test + ", all images", "", "aligned, %");
      percent(chart);
      int n = networks.size();
      chart
          .getStyler()
          .setXAxisMin(-0.5)
          .setXAxisMax(n - 0.5)
          .setPlotGridVerticalLinesVisible(false)
          .setXAxisTicksVisible(false)
          .setYAxisMin(BELOW);
      // The library's own labels are numbers, or texts at places of its choice.
      chart.getStyler().setAnnotationTextFont(Panels.SMALL).setAnnotationTextFontColor(Color.BLACK);
      for (int k = 0; k < n; k++) {
        chart.addAnnotation(new AnnotationText(networks.get(k), k, BELOW / 2, false));
      }
      double chance = 100.0 / (test.startsWith("clustering") ? 3 : 2);
      line(
          chart,
          "chance",
          new double[] {-0.5, n - 0.5},
          new double[] {chance, chance},
          SOFT,
          DASHED);
      // Named by what is drawn, since the library takes each name once.
      for (int r = 0; r < regularizers.size(); r++) {
        String regularizer = regularizers.get(r);
        double shift = 0.6 * ((r + 0.5) / regularizers.size() - 0.5);
        List<Double> x = new ArrayList<>();
        List<Double> y = new ArrayList<>();
        for (Pooled cell : scores.pooled()) {
          if (cell.test().equals(test)
              && cell.images() == Images.ALL
              && cell.regularizer().equals(regularizer)
              && cell.estimate().isPresent()) {
            double at = networks.indexOf(cell.network()) + shift;
            x.add(at);
            y.add(100 * cell.estimate().get().value());
            Interval interval = cell.estimate().get().interval();
            line(
                chart,
                "interval %d %s".formatted(r, cell.network()),
                new double[] {at, at},
                new double[] {100 * interval.low(), 100 * interval.high()},
                Panels.colour(r),
                LINE);
          }
        }
        points(chart, regularizer, x, y, Panels.colour(r), marker(r));
      }
      charts.add(chart);
    }
    return withLegend(charts, width);
  }

  /**
   * The alignment frontier: how far alignment goes with feature error. Penalties that differ in
   * strength only are joined by a line, in the order of their strengths.
   */
  static Panels frontier(Study study, StudyScores scores) {
    List<String> networks = StudyTables.distinct(scores.pooled(), Pooled::network);
    Map<Object, List<Penalty>> sweeps = new LinkedHashMap<>();
    for (Penalty penalty : study.regularizers()) {
      sweeps.computeIfAbsent(penalty.sweep(), of -> new ArrayList<>()).add(penalty);
    }
    sweeps
        .values()
        .forEach(sweep -> sweep.sort((a, b) -> Double.compare(a.strength(), b.strength())));
    List<XYChart> charts = new ArrayList<>();
    for (String test : StudyTables.distinct(scores.pooled(), Pooled::test)) {
      XYChart chart =
          Panels.chart(
              WIDTH, HEIGHT, test + ", all images", "relative distance, median", "aligned, %");
      percent(chart);
      List<Double> all = new ArrayList<>();
      for (int k = 0; k < networks.size(); k++) {
        int s = 0;
        for (List<Penalty> sweep : sweeps.values()) {
          List<Double> x = new ArrayList<>();
          List<Double> y = new ArrayList<>();
          for (Penalty penalty : sweep) {
            for (Pooled cell : scores.pooled()) {
              if (cell.test().equals(test)
                  && cell.images() == Images.ALL
                  && cell.network().equals(networks.get(k))
                  && cell.regularizer().equals(penalty.name())
                  && cell.estimate().isPresent()
                  && cell.distance().map(d -> d > 0 && Double.isFinite(d)).orElse(false)) {
                x.add(cell.distance().orElseThrow());
                y.add(100 * cell.estimate().get().value());
              }
            }
          }
          all.addAll(x);
          String name = "%s, %s".formatted(networks.get(k), sweep.get(0).name());
          if (sweep.size() > 1) {
            name += " to " + sweep.get(sweep.size() - 1).name();
          }
          if (x.size() > 1) {
            line(chart, "sweep " + name, array(x), array(y), Panels.colour(k), LINE);
          }
          points(chart, name, x, y, Panels.colour(k), marker(s++));
        }
      }
      // Its labels are powers of ten only, too few for distances that are much alike.
      double low = all.stream().mapToDouble(d -> d).min().orElse(1);
      double high = all.stream().mapToDouble(d -> d).max().orElse(1);
      if (high > WIDE * low) {
        chart.getStyler().setXAxisLogarithmic(true);
      } else {
        chart.getStyler().setXAxisMin(0.0).setXAxisMax(1.1 * high);
      }
      charts.add(chart);
    }
    return withLegend(charts, WIDTH);
  }

  /** People against LPIPS, as published. */
  static Panels published() {
    return withLegend(
        List.of(
            published("2AFC", row -> row.human2Afc().mean(), ObserverRow::lpips2Afc),
            published(
                "clustering", row -> row.humanClustering().mean(), ObserverRow::lpipsClustering)),
        WIDTH);
  }

  private static XYChart published(
      String test, ToDoubleFunction<ObserverRow> human, ToDoubleFunction<ObserverRow> lpips) {
    XYChart chart =
        Panels.chart(
            WIDTH, HEIGHT, test + ", published", "people, aligned, %", "LPIPS, aligned, %");
    percent(chart);
    chart.getStyler().setXAxisMin(0.0).setXAxisMax(100.0);
    line(chart, "equal", new double[] {0, 100}, new double[] {0, 100}, SOFT, DASHED);
    Map<String, List<ObserverRow>> groups = new LinkedHashMap<>();
    for (ObserverRow row : PublishedAlignment.observers()) {
      groups
          .computeIfAbsent(
              "%s, %s".formatted(row.network().data(), row.network().training()),
              of -> new ArrayList<>())
          .add(row);
    }
    int i = 0;
    for (Map.Entry<String, List<ObserverRow>> group : groups.entrySet()) {
      points(
          chart,
          group.getKey(),
          group.getValue().stream().map(row -> 100 * human.applyAsDouble(row)).toList(),
          group.getValue().stream().map(row -> 100 * lpips.applyAsDouble(row)).toList(),
          Panels.colour(i),
          marker(i++));
    }
    return chart;
  }

  private static Panels withLegend(List<XYChart> charts, int width) {
    charts.get(charts.size() - 1).getStyler().setLegendVisible(true);
    return new Panels(charts, width, HEIGHT, LEGEND);
  }

  private static void percent(XYChart chart) {
    chart
        .getStyler()
        .setYAxisMin(0.0)
        .setYAxisMax(100.0)
        .setYAxisDecimalPattern("0")
        .setLocale(Locale.ROOT)
        .setMarkerSize(8);
  }

  private static void line(
      XYChart chart, String name, double[] x, double[] y, Color colour, BasicStroke stroke) {
    XYSeries series = chart.addSeries(name, x, y);
    series.setMarker(SeriesMarkers.NONE).setLineColor(colour).setLineStyle(stroke);
    series.setShowInLegend(false);
  }

  private static void points(
      XYChart chart, String name, List<Double> x, List<Double> y, Color colour, Marker marker) {
    if (x.isEmpty()) {
      return;
    }
    XYSeries series = chart.addSeries(name, array(x), array(y));
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series.setMarker(marker).setMarkerColor(colour);
  }

  private static Marker marker(int i) {
    // There are as many markers as colours: where colours begin again, markers are shifted.
    return MARKERS.get((i + i / MARKERS.size()) % MARKERS.size());
  }

  private static double[] array(List<Double> numbers) {
    return numbers.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
