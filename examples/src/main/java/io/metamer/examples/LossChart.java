package io.metamer.examples;

import io.metamer.examples.DemoResults.Curve;
import io.metamer.examples.DemoResults.Search;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * How the relative distance went with one regularizer, as inline SVG: for each network the median
 * of the images as a line, smallest to largest as a band, on a logarithmic scale.
 *
 * <p>Written by hand rather than by a charting library: colours and text then follow the page's
 * style sheet, into the dark and onto paper.
 */
final class LossChart {

  private static final int WIDTH = 360;
  private static final int HEIGHT = 230;
  private static final int LEFT = 44;
  private static final int RIGHT = 10;
  private static final int TOP = 8;
  private static final int BOTTOM = 34;

  /** Smaller distances are drawn here: a logarithmic scale has no 0. */
  private static final double FLOOR = 1e-4;

  private final int last;
  private final int lowest;
  private final int highest;

  private LossChart(int last, int lowest, int highest) {
    this.last = last;
    this.lowest = lowest;
    this.highest = highest;
  }

  /** Draws searches with the same regularizer; they are styled by the index of their network. */
  static String of(List<Search> searches, List<String> networks) {
    int last =
        searches.stream().flatMapToInt(s -> Arrays.stream(s.curve().iterations())).max().orElse(1);
    double smallest =
        searches.stream()
            .flatMapToDouble(s -> Arrays.stream(s.curve().low()))
            .filter(Double::isFinite)
            .min()
            .orElse(1);
    double largest =
        searches.stream()
            .flatMapToDouble(s -> Arrays.stream(s.curve().high()))
            .filter(Double::isFinite)
            .max()
            .orElse(1);
    LossChart chart =
        new LossChart(
            Math.max(1, last),
            (int) Math.floor(Math.log10(Math.max(FLOOR, smallest))),
            (int) Math.max(0, Math.ceil(Math.log10(Math.max(FLOOR, largest)))));
    return chart.svg(searches, networks);
  }

  private String svg(List<Search> searches, List<String> networks) {
    StringBuilder svg = new StringBuilder();
    svg.append(
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Relative distance by iteration\">\n"
            .formatted(WIDTH, HEIGHT));
    for (int decade = lowest; decade <= highest; decade++) {
      double y = y(Math.pow(10, decade));
      svg.append(line("grid", LEFT, y, WIDTH - RIGHT, y));
      svg.append(text("end", LEFT - 6, y + 4, label(decade)));
    }
    for (int i = 0; i <= 2; i++) {
      int iteration = last * i / 2;
      String anchor = i == 0 ? "start" : i == 1 ? "middle" : "end";
      svg.append(text(anchor, x(iteration), HEIGHT - BOTTOM + 15, Integer.toString(iteration)));
    }
    svg.append(text("middle", (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 4, "iteration"));
    double tolerance = y(searches.get(0).options().tolerance());
    svg.append(line("tolerance", LEFT, tolerance, WIDTH - RIGHT, tolerance));
    for (Search search : searches) {
      String style = "network" + networks.indexOf(search.network());
      Curve curve = search.curve();
      String back = points(curve.iterations(), curve.high(), true);
      svg.append(
          "<polygon class=\"band %s\" points=\"%s %s\"/>\n"
              .formatted(style, points(curve.iterations(), curve.low(), false), back));
      svg.append(
          "<polyline class=\"median %s\" points=\"%s\"/>\n"
              .formatted(style, points(curve.iterations(), curve.median(), false)));
    }
    return svg.append("</svg>").toString();
  }

  private String points(int[] iterations, double[] distances, boolean backwards) {
    int n = iterations.length;
    return IntStream.range(0, n)
        .map(k -> backwards ? n - 1 - k : k)
        .filter(k -> Double.isFinite(distances[k]))
        .mapToObj(k -> number(x(iterations[k])) + "," + number(y(distances[k])))
        .collect(Collectors.joining(" "));
  }

  private double x(int iteration) {
    return LEFT + (double) (WIDTH - LEFT - RIGHT) * iteration / last;
  }

  private double y(double distance) {
    double fromTop = (highest - Math.log10(Math.max(FLOOR, distance))) / (highest - lowest);
    return TOP + (HEIGHT - TOP - BOTTOM) * fromTop;
  }

  private static String label(int decade) {
    return decade >= 0
        ? Long.toString(Math.round(Math.pow(10, decade)))
        : String.format(Locale.ROOT, "%." + -decade + "f", Math.pow(10, decade));
  }

  private static String line(String style, double x1, double y1, double x2, double y2) {
    return "<line class=\"%s\" x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"/>\n"
        .formatted(style, number(x1), number(y1), number(x2), number(y2));
  }

  private static String text(String anchor, double x, double y, String text) {
    return "<text text-anchor=\"%s\" x=\"%s\" y=\"%s\">%s</text>\n"
        .formatted(anchor, number(x), number(y), text);
  }

  private static String number(double number) {
    return String.format(Locale.ROOT, "%.1f", number);
  }
}
