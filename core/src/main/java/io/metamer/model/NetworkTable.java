package io.metamer.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** A network as a table to print. */
final class NetworkTable {

  /** How much of a hash tells two networks apart. */
  private static final int DIGITS = 16;

  /** How many reasons for refusals are listed. */
  private static final int REASONS = 10;

  private static final List<String> HEAD = List.of("layer", "kind", "shape", "parameters");

  private NetworkTable() {}

  static String of(Network network, long[] images, Translation translation) {
    List<Layer> layers = translation.layers();
    List<String> lines = new ArrayList<>();
    lines.add("network      " + printable(network.name()));
    lines.add("SHA-256      " + network.sha256().substring(0, DIGITS) + "...");
    lines.add("images       " + shape(images));
    lines.add("parameters   " + count(layers.stream().mapToLong(Layer::parameters).sum()));
    for (String alias : List.of("penultimate", "logits")) {
      lines.add(
          "%-12s %s"
              .formatted(
                  alias, translation.standsFor(alias).map(NetworkTable::printable).orElse("none")));
    }
    lines.add(
        "normalises   "
            + NormalizationInside.of(translation.graph())
                .map(inside -> "inside: " + inside)
                .orElse("not inside, as far as can be seen"));
    lines.addAll(refusals(translation.refused()));
    lines.add("");
    List<List<String>> rows = new ArrayList<>(List.of(HEAD));
    for (Layer layer : layers) {
      rows.add(
          List.of(
              printable(layer.name()),
              layer.kind(),
              shape(layer.shape()),
              layer.parameters() == 0 ? "" : count(layer.parameters())));
    }
    lines.addAll(aligned(rows));
    return lines.stream().map(line -> line.stripTrailing() + "\n").collect(Collectors.joining());
  }

  /** One line a reason: what cannot be computed, and of how much that is the cause. */
  private static List<String> refusals(Map<String, UnsupportedModelException> refused) {
    Map<String, Long> reasons =
        refused.values().stream()
            .collect(
                Collectors.groupingBy(
                    e -> String.valueOf(e.getMessage()), TreeMap::new, Collectors.counting()));
    List<String> lines = new ArrayList<>();
    reasons.entrySet().stream()
        .limit(REASONS)
        .forEach(
            reason ->
                lines.add(
                    "refused      %s (%s)"
                        .formatted(
                            printable(reason.getKey()),
                            reason.getValue() == 1
                                ? "1 tensor"
                                : count(reason.getValue()) + " tensors")));
    if (reasons.size() > REASONS) {
      lines.add("refused      for %d reasons more".formatted(reasons.size() - REASONS));
    }
    return lines;
  }

  private static List<String> aligned(List<List<String>> rows) {
    int[] widths = new int[HEAD.size()];
    for (int i = 0; i < widths.length; i++) {
      int column = i;
      widths[i] =
          rows.stream()
              .map(row -> row.get(column).length())
              .max(Comparator.naturalOrder())
              .orElse(0);
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < widths.length; i++) {
        String gap = " ".repeat(widths[i] - row.get(i).length());
        boolean number = i == widths.length - 1;
        line.append(number ? gap + row.get(i) : row.get(i) + gap + "  ");
      }
      lines.add(line.toString());
    }
    return lines;
  }

  private static String shape(long[] shape) {
    return Arrays.stream(shape).mapToObj(Long::toString).collect(Collectors.joining(" x "));
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /** Names come from files, and a terminal obeys control characters. */
  private static String printable(String name) {
    return name.replaceAll("\\p{Cntrl}", "?");
  }
}
