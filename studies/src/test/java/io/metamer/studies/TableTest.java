package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.metrics.PublishedAlignment;
import io.metamer.studies.Table.Cell;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {

  private static final Table TABLE =
      new Table(
          "some-id",
          "50 % & more",
          List.of("network", "a_b"),
          List.of(
              List.of(Cell.of("x|<y>"), new Cell("63.25", "26.23", "[55.1, 71.0]")),
              List.of(Cell.of("R\\{}~^$#"), Cell.of("-"))),
          "A ± note.");

  @Test
  void markdown_escapesWhatWouldEndACell() {
    assertEquals(
        """
        ### 50 % & more

        | network | a\\_b |
        |---|---:|
        | x\\|<y> | 63.25 ± 26.23 [55.1, 71.0] |
        | R\\\\{}~^$# | - |

        A ± note.
        """,
        Table.markdown(List.of(TABLE)));
  }

  @Test
  void latex_isThePublishedNotation_escaped() {
    assertEquals(
        """
        % \\usepackage{booktabs}

        \\begin{table}
        \\centering
        \\begin{tabular}{lr}
        \\toprule
        network & a\\_b \\\\
        \\midrule
        x|$<$y$>$ & $63.25_{\\pm 26.23}$ {\\scriptsize [55.1, 71.0]} \\\\
        R\\textbackslash{}\\{\\}\\textasciitilde{}\\textasciicircum{}\\$\\# & - \\\\
        \\bottomrule
        \\end{tabular}
        \\caption{50 \\% \\& more. A $\\pm$ note.}
        \\label{tab:some-id}
        \\end{table}
        """,
        Table.latex(List.of(TABLE)));
  }

  @Test
  void html_escapesAndSaysWhatIsAHead() {
    String html = TABLE.html();
    assertTrue(html.contains("<caption>50 % &amp; more</caption>"), html);
    assertTrue(html.contains("<th scope=\"row\">x|&lt;y&gt;</th>"), html);
    assertTrue(
        html.contains("<td>63.25 <span>± 26.23</span> <small>[55.1, 71.0]</small></td>"), html);
    assertTrue(html.endsWith("<p class=\"note\">A ± note.</p>\n"), html);
  }

  @Test
  void rowOfOtherLength_isRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Table("x", "x", List.of("a", "b"), List.of(List.of(Cell.of(1))), ""));
  }

  @Test
  void publishedTables_areThePublishedNumbers() {
    List<Table> tables = StudyTables.published();
    assertEquals(14, tables.get(0).rows().size());
    assertEquals(
        List.of(
            Cell.of("CIFAR-10 adversarial l2 1 ResNet18"),
            new Cell("63.25", "26.23", ""),
            new Cell("79.00", "21.94", ""),
            new Cell("0.33", "0.47", "")),
        tables.get(0).rows().get(0));
    assertEquals(
        List.of(
            Cell.of("ImageNet standard ResNet50"),
            new Cell("5.33", "7.54", ""),
            Cell.of("0.50"),
            new Cell("38.38", "2.53", ""),
            Cell.of("35.86"),
            Cell.of("76.13"),
            Cell.of("0.00")),
        tables.get(1).rows().get(12));
    String spearman = PublishedAlignment.rankAgreement().get(0).spearman().orElseThrow().toString();
    Cell shown = tables.get(2).rows().get(0).get(1);
    assertEquals(spearman, "%s %s, n = 14".formatted(shown.value(), shown.more()));
  }
}
