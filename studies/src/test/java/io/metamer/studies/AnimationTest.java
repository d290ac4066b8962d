package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Seeds;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.inversion.Trajectory;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

final class AnimationTest {

  private final Path file;

  AnimationTest(@TempDir Path folder) {
    file = folder.resolve("search.gif");
  }

  @Test
  void animation_ofASearch_showsTargetsAndTheWayFromSeedToResult() throws IOException {
    ImageSpec spec = ImageSpec.gray(28);
    INDArray targets = uniform(spec, 3, 1);
    INDArray seeds = uniform(spec, 3, 2);
    INDArray found = uniform(spec, 3, 3);
    try (Trajectory trajectory = new Trajectory(new int[] {0, 2}, 10)) {
      trajectory.evaluated(iteration(0, seeds));
      trajectory.evaluated(iteration(1, found));
      Animation.of(spec, targets, trajectory, found).write(file);
    }
    List<BufferedImage> frames = read();
    assertEquals(3, frames.size());
    int scale = 3;
    assertEquals(scale * (2 + 2 * 30), frames.get(0).getWidth());
    assertEquals(scale * (2 + 2 * 30), frames.get(0).getHeight());
    for (int k = 0; k < 2; k++) {
      for (int y = 0; y < 28; y++) {
        for (int x = 0; x < 28; x++) {
          int column = scale * (2 + 30 * k + x) + 1;
          for (BufferedImage frame : frames) {
            assertEquals(
                level(targets, 2 * k, y, x), frame.getRGB(column, scale * (2 + y) + 1) & 255);
          }
          int row = scale * (32 + y) + 1;
          assertEquals(level(seeds, 2 * k, y, x), frames.get(0).getRGB(column, row) & 255);
          assertEquals(level(found, 2 * k, y, x), frames.get(2).getRGB(column, row) & 255);
        }
      }
    }
  }

  @Test
  void colours_ofSmallImages_areNearlyKept() throws IOException {
    ImageSpec spec = ImageSpec.rgb(32);
    INDArray noise = uniform(spec, 1, 4);
    try (Trajectory trajectory = new Trajectory(new int[] {0}, 10)) {
      trajectory.evaluated(iteration(0, noise));
      Animation animation = Animation.of(spec, noise, trajectory, noise);
      animation.write(file);
      BufferedImage frame = read().get(0);
      BufferedImage exact = animation.frames().get(0);
      double sum = 0;
      for (int y = 0; y < exact.getHeight(); y++) {
        for (int x = 0; x < exact.getWidth(); x++) {
          int a = exact.getRGB(x, y);
          int b = frame.getRGB(3 * x + 1, 3 * y + 1);
          for (int shift = 0; shift < 24; shift += 8) {
            sum += Math.abs((a >> shift & 255) - (b >> shift & 255));
          }
        }
      }
      // White noise has a thousand colours, of which a frame holds 256.
      assertTrue(sum / (3 * exact.getWidth() * exact.getHeight()) < 12, "off by " + sum);
    }
  }

  @Test
  void frames_stayAndRepeat() throws IOException {
    BufferedImage frame = new BufferedImage(30, 62, BufferedImage.TYPE_INT_RGB);
    new Animation(List.of(frame, frame, frame)).write(file);
    new Animation(List.of(frame, frame)).write(file);
    try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
      ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
      reader.setInput(stream);
      assertEquals(2, reader.getNumImages(true));
      assertEquals("12", attribute(reader.getImageMetadata(0), "delayTime"));
      assertEquals("250", attribute(reader.getImageMetadata(1), "delayTime"));
      reader.dispose();
    }
    assertTrue(
        new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains("NETSCAPE2.0"));
  }

  @Test
  void noFrames_areRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Animation(List.of()));
  }

  private List<BufferedImage> read() throws IOException {
    try (ImageInputStream stream = ImageIO.createImageInputStream(file.toFile())) {
      ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
      reader.setInput(stream);
      List<BufferedImage> frames = new ArrayList<>();
      for (int i = 0; i < reader.getNumImages(true); i++) {
        frames.add(reader.read(i));
      }
      reader.dispose();
      return frames;
    }
  }

  private static String attribute(IIOMetadata metadata, String name) {
    IIOMetadataNode root =
        (IIOMetadataNode) metadata.getAsTree(metadata.getNativeMetadataFormatName());
    IIOMetadataNode control =
        (IIOMetadataNode) root.getElementsByTagName("GraphicControlExtension").item(0);
    return control.getAttribute(name);
  }

  private static int level(INDArray images, int row, int y, int x) {
    return (int) Math.floor(images.getDouble(row, 0, y, x) * 255 + 0.5);
  }

  private static INDArray uniform(ImageSpec spec, int n, long seed) {
    INDArray noise = Seeds.perImage(spec, n, seed).muli(0.25).addi(0.5);
    return spec.clip(noise);
  }

  private static Iteration iteration(int t, INDArray images) {
    int n = (int) images.size(0);
    int[] rows = IntStream.range(0, n).toArray();
    int[] index = new int[n];
    Arrays.fill(index, t);
    return new Iteration(
        rows,
        index,
        1,
        new double[n],
        new double[n],
        new double[n],
        new double[n],
        k -> images.slice(k).dup('c'));
  }
}
