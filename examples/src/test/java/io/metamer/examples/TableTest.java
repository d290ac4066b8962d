package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.inversion.StopReason;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TableTest {

  private static final List<String> LINES = Table.of(Synthetic.results()).lines().toList();

  @Test
  void lines_fitTheTerminal() {
    LINES.forEach(line -> assertTrue(line.length() <= 120, line));
  }

  @Test
  void row_showsAllAndMatched() {
    int row = indexOf("standard network") + 1;
    assertEquals(
        "  none        all 6       0.025 [0.022, 0.028] 0.67 [0.30, 0.90] 0.67 [0.30, 0.90]"
            + " 0.67 [0.30, 0.90] 0.67 [0.30, 0.90]",
        LINES.get(row));
    assertTrue(LINES.get(row + 1).strip().startsWith("matched 6   0.025"), LINES.get(row + 1));
  }

  @Test
  void row_withoutMatches_saysSo() {
    String last = LINES.get(LINES.size() - 1);
    assertTrue(last.contains("- (0 of 6 matched)"), last);
    assertTrue(last.endsWith("held out          held out          -                 -"), last);
  }

  @Test
  void heads_sayThatEveryJudgeIsAStandIn() {
    assertEquals(2, LINES.get(1).split("\\(stand-in, not LPIPS\\)", -1).length - 1);
  }

  @Test
  void row_ofAnInterruptedSearch_isMarked() {
    DemoResults results =
        Synthetic.results(
            List.of(Synthetic.search("robust", "none", 0.3, StopReason.INTERRUPTED)), 6);
    assertTrue(Table.of(results).contains("\n  interrupted matched 0"), Table.of(results));
  }

  private static int indexOf(String line) {
    int index = LINES.indexOf(line);
    assertTrue(index >= 0, () -> String.join("\n", LINES));
    return index;
  }
}
