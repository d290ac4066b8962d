package io.metamer.studies;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A table that can be written as Markdown, LaTeX and HTML.
 *
 * @param id in letters, digits and hyphens
 * @param caption what it shows
 * @param columns the heads, that of the names of rows first
 * @param rows as many cells as columns, the name of the row first
 * @param note what else to know; may be empty
 */
record Table(String id, String caption, List<String> columns, List<List<Cell>> rows, String note) {

  /**
   * A cell.
   *
   * @param value a number or a word
   * @param spread what stands behind ±; empty if nothing does
   * @param more what is set smaller, such as an interval; may be empty
   */
  record Cell(String value, String spread, String more) {

    static Cell of(Object value) {
      return new Cell(String.valueOf(value), "", "");
    }
  }

  Table {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<Cell> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            "expected %d cells in a row, got %s".formatted(columns.size(), row));
      }
    }
  }

  // Markdown.

  static String markdown(List<Table> tables) {
    return tables.stream().map(Table::markdown).collect(Collectors.joining("\n"));
  }

  private String markdown() {
    String rule = "|---" + "|---:".repeat(columns.size() - 1) + "|\n";
    return "### %s\n\n%s%s%s%s"
        .formatted(
            caption,
            line(columns.stream().map(Table::forMarkdown)),
            rule,
            rows.stream()
                .map(row -> line(row.stream().map(Table::markdown)))
                .collect(Collectors.joining()),
            note.isEmpty() ? "" : "\n" + note + "\n");
  }

  private static String line(Stream<String> cells) {
    return cells.collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  private static String markdown(Cell cell) {
    return forMarkdown(
        cell.value
            + (cell.spread.isEmpty() ? "" : " ± " + cell.spread)
            + (cell.more.isEmpty() ? "" : " " + cell.more));
  }

  private static String forMarkdown(String text) {
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("*", "\\*").replace("_", "\\_");
  }

  // LaTeX, with booktabs.

  static String latex(List<Table> tables) {
    return "% \\usepackage{booktabs}\n\n"
        + tables.stream().map(Table::latex).collect(Collectors.joining("\n"));
  }

  private String latex() {
    String heads =
        columns.stream().map(Table::forLatex).collect(Collectors.joining(" & ", "", " \\\\\n"));
    String body =
        rows.stream()
            .map(
                row ->
                    row.stream()
                        .map(Table::latex)
                        .collect(Collectors.joining(" & ", "", " \\\\\n")))
            .collect(Collectors.joining());
    return String.join(
        "\n",
        "\\begin{table}",
        "\\centering",
        "\\begin{tabular}{l%s}".formatted("r".repeat(columns.size() - 1)),
        "\\toprule",
        heads + "\\midrule",
        body + "\\bottomrule",
        "\\end{tabular}",
        "\\caption{%s.%s}".formatted(forLatex(caption), note.isEmpty() ? "" : " " + forLatex(note)),
        "\\label{tab:%s}".formatted(id),
        "\\end{table}",
        "");
  }

  private static String latex(Cell cell) {
    String value =
        cell.spread.isEmpty()
            ? forLatex(cell.value)
            : "$%s_{\\pm %s}$".formatted(cell.value, cell.spread);
    return value + (cell.more.isEmpty() ? "" : " {\\scriptsize %s}".formatted(forLatex(cell.more)));
  }

  private static String forLatex(String text) {
    StringBuilder latex = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> latex.append("\\textbackslash{}");
        case '~' -> latex.append("\\textasciitilde{}");
        case '^' -> latex.append("\\textasciicircum{}");
        case '&', '%', '$', '#', '_', '{', '}' -> latex.append('\\').append(c);
        case '±' -> latex.append("$\\pm$");
        case '×' -> latex.append("$\\times$");
        case '≤' -> latex.append("$\\leq$");
        case '<', '>' -> latex.append('$').append(c).append('$');
        default -> latex.append(c);
      }
    }
    return latex.toString();
  }

  // HTML.

  static String html(List<Table> tables) {
    return tables.stream().map(Table::html).collect(Collectors.joining("\n"));
  }

  String html() {
    String heads =
        columns.stream()
            .map(head -> "<th scope=\"col\">%s</th>".formatted(forHtml(head)))
            .collect(Collectors.joining());
    String body =
        rows.stream()
            .map(
                row ->
                    "<tr><th scope=\"row\">%s</th>%s</tr>\n"
                        .formatted(
                            html(row.get(0)),
                            row.stream()
                                .skip(1)
                                .map(cell -> "<td>%s</td>".formatted(html(cell)))
                                .collect(Collectors.joining())))
            .collect(Collectors.joining());
    return """
        <div class="scroll" tabindex="0" role="region" aria-label="%s"><table id="%s">
        <caption>%s</caption>
        <thead><tr>%s</tr></thead>
        <tbody>
        %s</tbody>
        </table></div>
        %s"""
        .formatted(
            forHtml(caption),
            id,
            forHtml(caption),
            heads,
            body,
            note.isEmpty() ? "" : "<p class=\"note\">%s</p>\n".formatted(forHtml(note)));
  }

  private static String html(Cell cell) {
    return forHtml(cell.value)
        + (cell.spread.isEmpty() ? "" : " <span>± %s</span>".formatted(forHtml(cell.spread)))
        + (cell.more.isEmpty() ? "" : " <small>%s</small>".formatted(forHtml(cell.more)));
  }

  static String forHtml(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }
}
