package io.metamer.examples;

import io.metamer.examples.DemoResults.Search;
import io.metamer.examples.DemoResults.Target;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** A picture of a network's images: a column for each target; targets, seed, and what was found. */
final class Grid {

  /** Side of an image in the grid at least, so that pixels of small images can be seen. */
  private static final int SIDE = 84;

  private static final int GAP = 6;
  private static final int LABELS = 150;

  private Grid() {}

  /** One row: its name and an image for each target. */
  private record Row(String label, List<BufferedImage> pictures) {}

  static BufferedImage of(DemoResults results, String network) {
    List<Row> rows = new ArrayList<>();
    int n = results.targets().size();
    rows.add(new Row("target", results.targets().stream().map(Target::picture).toList()));
    rows.add(new Row("seed", Collections.nCopies(n, results.noise())));
    for (Search search : results.of(network)) {
      rows.add(new Row(search.regularizer(), search.images()));
    }
    int scale = Math.max(1, Math.round((float) SIDE / results.noise().getWidth()));
    int width = scale * results.noise().getWidth() + GAP;
    int height = scale * results.noise().getHeight() + GAP;
    BufferedImage grid =
        new BufferedImage(
            LABELS + n * width + GAP, rows.size() * height + GAP, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = grid.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, grid.getWidth(), grid.getHeight());
    // Pixels are squares, not samples of something smooth.
    g.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
    for (int r = 0; r < rows.size(); r++) {
      int y = GAP + r * height;
      label(g, rows.get(r).label(), y + height / 2);
      for (int i = 0; i < n; i++) {
        g.drawImage(
            rows.get(r).pictures().get(i),
            LABELS + GAP + i * width,
            y,
            width - GAP,
            height - GAP,
            null);
      }
    }
    g.dispose();
    return grid;
  }

  private static void label(Graphics2D g, String text, int middle) {
    try {
      g.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 20));
      g.setColor(Color.BLACK);
      g.drawString(text, 2 * GAP, middle + g.getFontMetrics().getAscent() / 2 - GAP / 2);
    } catch (LinkageError | InternalError e) {
      // A Java without fonts, as in small containers: the rows then go unnamed, in the report's
      // order.
    }
  }
}
