package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.Trajectory;
import io.metamer.inversion.Trajectory.Frame;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A moving picture of a search: a column for each image, its target above and what becomes of the
 * seed below; the last frame is what was found.
 *
 * @param frames the pictures, of one size and in order, at least one; an image's pixel is one of
 *     theirs
 * @since 0.1
 */
public record Animation(List<BufferedImage> frames) {

  /** Between images, in their pixels. */
  private static final int GAP = 2;

  /** The side that images are enlarged to at least, so that the pixels of small ones are seen. */
  private static final int SIDE = 84;

  /** Hundredths of a second. */
  private static final int EACH = 12;

  /** How long the last frame stays, in hundredths of a second. */
  private static final int LAST = 250;

  public Animation {
    if (frames.isEmpty()) {
      throw new IllegalArgumentException("expected at least 1 frame, got none");
    }
    frames = List.copyOf(frames);
  }

  /**
   * The way of some images of a search, from seed to result.
   *
   * @param input what the images look like: 1 channel (gray) or 3 (RGB)
   * @param targets of all images of the search, shape {@code [N, C, H, W]}
   * @param trajectory what was kept of some of them
   * @param found the results, of the targets' shape
   * @return the animation, which holds copies
   */
  public static Animation of(
      ImageSpec input, INDArray targets, Trajectory trajectory, INDArray found) {
    int[] rows = trajectory.rows();
    List<INDArray> above = slices(targets, rows);
    List<INDArray> last = slices(found, rows);
    TreeSet<Integer> iterations = new TreeSet<>();
    for (int row : rows) {
      trajectory.of(row).forEach(frame -> iterations.add(frame.iteration()));
    }
    List<BufferedImage> frames = new ArrayList<>();
    for (int t : iterations) {
      List<INDArray> now = new ArrayList<>();
      for (int k = 0; k < rows.length; k++) {
        now.add(latest(trajectory.of(rows[k]), t, last.get(k)));
      }
      frames.add(picture(input, above, now));
    }
    frames.add(picture(input, above, last));
    return new Animation(frames);
  }

  private static List<INDArray> slices(INDArray images, int[] rows) {
    return IntStream.of(rows).mapToObj(row -> images.get(NDArrayIndex.point(row))).toList();
  }

  /** The last frame up to an iteration; the result of an image that never was evaluated. */
  private static INDArray latest(List<Frame> frames, int t, INDArray found) {
    INDArray latest = found;
    for (Frame frame : frames) {
      latest = frame.iteration() <= t ? frame.image() : latest;
    }
    return latest;
  }

  private static BufferedImage picture(
      ImageSpec input, List<INDArray> above, List<INDArray> below) {
    int width = input.width() + GAP;
    int height = input.height() + GAP;
    BufferedImage picture =
        new BufferedImage(above.size() * width + GAP, 2 * height + GAP, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = picture.createGraphics();
    g.setColor(Color.WHITE);
    g.fillRect(0, 0, picture.getWidth(), picture.getHeight());
    for (int k = 0; k < above.size(); k++) {
      int x = GAP + k * width;
      g.drawImage(Images.toBufferedImage(above.get(k), input), x, GAP, null);
      g.drawImage(Images.toBufferedImage(below.get(k), input), x, GAP + height, null);
    }
    g.dispose();
    return picture;
  }

  /**
   * Writes an animated GIF that repeats for ever: each pixel a square, and 256 colours for each
   * frame.
   *
   * @param file where to; an existing file is replaced
   * @throws IOException if it cannot be written
   */
  public void write(Path file) throws IOException {
    BufferedImage first = frames.get(0);
    // Two rows of images lie above each other.
    int side = (first.getHeight() - 3 * GAP) / 2;
    int scale = Math.max(1, Math.round((float) SIDE / side));
    Files.deleteIfExists(file);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
    try (ImageOutputStream stream = ImageIO.createImageOutputStream(file.toFile())) {
      writer.setOutput(stream);
      writer.prepareWriteSequence(null);
      for (int i = 0; i < frames.size(); i++) {
        BufferedImage frame = enlarged(frames.get(i), scale);
        int delay = i == frames.size() - 1 ? LAST : EACH;
        writer.writeToSequence(
            new IIOImage(frame, null, control(writer, frame, delay, i == 0)), null);
      }
      writer.endWriteSequence();
    } finally {
      writer.dispose();
    }
  }

  private static BufferedImage enlarged(BufferedImage image, int scale) {
    int width = image.getWidth() * scale;
    int height = image.getHeight() * scale;
    BufferedImage large = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = large.createGraphics();
    g.drawImage(image, 0, 0, width, height, null);
    g.dispose();
    return large;
  }

  /** How long a frame stays and, with the first, that all repeat. */
  private static IIOMetadata control(
      ImageWriter writer, BufferedImage frame, int delay, boolean first) throws IOException {
    ImageWriteParam defaults = writer.getDefaultWriteParam();
    IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(frame), defaults);
    String format = metadata.getNativeMetadataFormatName();
    IIOMetadataNode root = new IIOMetadataNode(format);
    IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
    control.setAttribute("disposalMethod", "none");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "FALSE");
    control.setAttribute("transparentColorIndex", "0");
    control.setAttribute("delayTime", Integer.toString(delay));
    root.appendChild(control);
    if (first) {
      IIOMetadataNode repeat = new IIOMetadataNode("ApplicationExtension");
      repeat.setAttribute("applicationID", "NETSCAPE");
      repeat.setAttribute("authenticationCode", "2.0");
      // Block 1 holds how often, in two bytes: 0 is for ever.
      repeat.setUserObject(new byte[] {1, 0, 0});
      IIOMetadataNode extensions = new IIOMetadataNode("ApplicationExtensions");
      extensions.appendChild(repeat);
      root.appendChild(extensions);
    }
    metadata.mergeTree(format, root);
    return metadata;
  }
}
