package io.metamer.image;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * PNG and JPEG files to arrays and back.
 *
 * @since 0.1
 */
public final class Images {

  private static final List<String> ENDINGS = List.of(".png", ".jpg", ".jpeg");
  private static final List<String> FORMATS = List.of("png", "jpeg");

  private Images() {}

  /**
   * The images of a folder: files that end in .png, .jpg or .jpeg, in any case. Hidden files, whose
   * name starts with a dot, are passed over.
   *
   * @param folder a folder of images and nothing else
   * @return their paths, sorted by name; at least one
   * @throws IllegalArgumentException if the folder holds anything else, or no image; the message
   *     names what was found
   * @throws IOException if there is no such folder or it cannot be read
   */
  public static List<Path> files(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> entries = Files.list(folder)) {
      files =
          entries
              .filter(f -> !name(f).startsWith("."))
              .sorted(Comparator.comparing(Images::name))
              .toList();
    }
    List<Path> others = files.stream().filter(f -> !isImage(f)).toList();
    if (!others.isEmpty()) {
      throw new IllegalArgumentException(
          "expected only PNG and JPEG files %s in %s, found %d others: %s"
              .formatted(
                  ENDINGS,
                  folder,
                  others.size(),
                  others.stream().limit(3).map(Images::name).collect(Collectors.joining(", "))
                      + (others.size() > 3 ? ", ..." : "")));
    }
    if (files.isEmpty()) {
      throw new IllegalArgumentException(
          "expected PNG or JPEG files %s in %s, found none".formatted(ENDINGS, folder));
    }
    return files;
  }

  /**
   * Reads images as they look in 8 bits or more, resized and cropped where their size is another.
   *
   * <p>An image of another size is resized to the smallest size that covers {@code spec}, its
   * proportions kept (the longer side rounded down), by a triangle filter that widens with the
   * reduction (bilinear with antialias, as Pillow and torchvision have it; not rounded to 8 bits in
   * between); then the centre is cut out. Gray becomes RGB by repetition, RGB becomes gray by the
   * luma of ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B), and transparent pixels are laid over white.
   * Orientation tags and colour profiles are ignored.
   *
   * @param files PNG or JPEG files, at least one
   * @param spec what the images are to look like: 1 channel (gray) or 3 (RGB)
   * @return shape {@code [N, C, H, W]}, FLOAT, in the bounds of {@code spec}; the caller's
   * @throws IllegalArgumentException if there are no files, or {@code spec} has other channels
   * @throws java.nio.file.NoSuchFileException if a file is missing
   * @throws IOException if a file cannot be read or decoded, is damaged, or is neither gray nor
   *     RGB; the message names the file
   */
  public static INDArray read(List<Path> files, ImageSpec spec) throws IOException {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("expected at least one image file, got none");
    }
    requireGrayOrRgb(spec);
    INDArray images = Nd4j.createUninitialized(DataType.FLOAT, spec.shape(files.size()));
    for (int i = 0; i < files.size(); i++) {
      float[] pixels = fit(decode(files.get(i)), spec);
      images.slice(i).assign(Nd4j.createFromArray(pixels).reshape(spec.shape(1)).slice(0));
    }
    return images;
  }

  /**
   * Reads an image in the size it has.
   *
   * @param file PNG or JPEG
   * @param channels 1 (gray) or 3 (RGB); the other kind is converted as {@link #read} does
   * @return shape {@code [1, channels, H, W]}, FLOAT, in [0, 1]; the caller's
   * @throws IllegalArgumentException if there are to be other channels
   * @throws java.nio.file.NoSuchFileException if the file is missing
   * @throws IOException as for {@link #read}
   */
  public static INDArray readWhole(Path file, int channels) throws IOException {
    requireGrayOrRgb(new ImageSpec(channels, 1, 1, 0, 1));
    Planes planes = decode(file);
    ImageSpec spec = new ImageSpec(channels, planes.height, planes.width, 0, 1);
    return Nd4j.createFromArray(fit(planes, spec)).reshape(spec.shape(1));
  }

  /**
   * Writes an image as an 8-bit PNG, gray or RGB; reading it again gives what {@link #quantize}
   * gives.
   *
   * @param image shape {@code [C, H, W]}; values outside the bounds are clipped
   * @param spec what it looks like: 1 channel (gray) or 3 (RGB)
   * @param file where to; an existing file is replaced
   * @throws IllegalArgumentException as {@link #toBufferedImage}
   * @throws IOException if the file cannot be written
   */
  public static void write(INDArray image, ImageSpec spec, Path file) throws IOException {
    BufferedImage picture = toBufferedImage(image, spec);
    try (OutputStream out = Files.newOutputStream(file)) {
      ImageIO.write(picture, "png", out);
    }
  }

  /**
   * An image in 8 bits, for AWT.
   *
   * @param image shape {@code [C, H, W]}; values outside the bounds are clipped
   * @param spec what it looks like: 1 channel (gray) or 3 (RGB)
   * @return of type {@link BufferedImage#TYPE_BYTE_GRAY} or {@link BufferedImage#TYPE_INT_RGB}
   * @throws IllegalArgumentException if the image is of another shape or holds NaN, or {@code spec}
   *     has other channels
   */
  public static BufferedImage toBufferedImage(INDArray image, ImageSpec spec) {
    requireGrayOrRgb(spec);
    long[] shape = {spec.channels(), spec.height(), spec.width()};
    if (!Arrays.equals(shape, image.shape())) {
      throw new IllegalArgumentException(
          "expected an image of shape %s, got %s"
              .formatted(Arrays.toString(shape), Arrays.toString(image.shape())));
    }
    double[] levels =
        levels(image, spec)
            .castTo(DataType.DOUBLE)
            .dup('c')
            .reshape(image.length())
            .toDoubleVector();
    BufferedImage picture =
        new BufferedImage(
            spec.width(),
            spec.height(),
            spec.channels() == 1 ? BufferedImage.TYPE_BYTE_GRAY : BufferedImage.TYPE_INT_RGB);
    WritableRaster raster = picture.getRaster();
    int k = 0;
    for (int c = 0; c < spec.channels(); c++) {
      for (int i = 0; i < spec.height(); i++) {
        for (int j = 0; j < spec.width(); j++) {
          if (Double.isNaN(levels[k])) {
            throw new IllegalArgumentException(
                "expected numbers, got NaN in channel %d, row %d, column %d".formatted(c, i, j));
          }
          raster.setSample(j, i, c, levels[k++]);
        }
      }
    }
    return picture;
  }

  /**
   * Images as an 8-bit file keeps them: clipped to the bounds, and rounded to the nearest of 256
   * levels, half up.
   *
   * @param images shape {@code [N, C, H, W]} or {@code [C, H, W]}; not changed
   * @param spec their bounds
   * @return a copy of the same shape and type; the caller's
   */
  public static INDArray quantize(INDArray images, ImageSpec spec) {
    INDArray unit = levels(images, spec).divi(255);
    return unit.muli(spec.high() - spec.low()).addi(spec.low());
  }

  /** The levels 0 to 255, as whole numbers in the type of the images. */
  private static INDArray levels(INDArray images, ImageSpec spec) {
    INDArray unit = spec.toUnit(spec.clip(images));
    return Transforms.floor(unit.muli(255).addi(0.5), false);
  }

  /** Planes of one image in row order, on the scale of [0, 1]. */
  private record Planes(int height, int width, List<double[]> channels) {}

  private static Planes decode(Path file) throws IOException {
    BufferedImage picture;
    try {
      byte[] bytes = Files.readAllBytes(file);
      hideColourProfile(bytes);
      picture = decode(new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes)));
    } catch (FileSystemException e) {
      throw e; // names the file already
    } catch (IOException | RuntimeException e) {
      // The JDK's readers throw RuntimeExceptions of many kinds at damaged files.
      throw new IOException("cannot read image %s: %s".formatted(file, e.getMessage()), e);
    }
    try {
      return planes(picture);
    } catch (IllegalArgumentException e) {
      throw new IOException("cannot read image %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * Makes the APP2 segments of a JPEG file comments: the JDK's reader would convert the pixels from
   * a profile in them to sRGB, which that of PNG files does not do.
   */
  private static void hideColourProfile(byte[] file) {
    boolean jpeg = file.length > 2 && file[0] == (byte) 0xFF && file[1] == (byte) 0xD8;
    int at = jpeg ? 2 : file.length;
    while (at + 4 <= file.length && file[at] == (byte) 0xFF && file[at + 1] != (byte) 0xDA) {
      if (file[at + 1] == (byte) 0xE2) {
        file[at + 1] = (byte) 0xFE;
      }
      at += 2 + ((file[at + 2] & 0xFF) << 8 | (file[at + 3] & 0xFF));
    }
  }

  private static BufferedImage decode(ImageInputStream stream) throws IOException {
    Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
    if (!readers.hasNext()) {
      throw new IOException("it is neither PNG nor JPEG");
    }
    ImageReader reader = readers.next();
    try {
      if (!FORMATS.contains(reader.getFormatName().toLowerCase(Locale.ROOT))) {
        throw new IOException("it is neither PNG nor JPEG, but " + reader.getFormatName());
      }
      List<String> damages = new ArrayList<>();
      reader.addIIOReadWarningListener(
          (source, warning) -> {
            // The JPEG reader fills what is missing with gray, and only warns.
            if (warning.startsWith("Premature end") || warning.startsWith("Corrupt JPEG data")) {
              damages.add(warning);
            }
          });
      reader.setInput(stream);
      BufferedImage picture = reader.read(0);
      if (!damages.isEmpty()) {
        throw new IOException("it is damaged: " + damages.get(0));
      }
      return picture;
    } finally {
      reader.dispose();
    }
  }

  /**
   * Gray or RGB planes of samples as they are stored: AWT's colour conversions would change them.
   */
  private static Planes planes(BufferedImage picture) {
    BufferedImage direct =
        picture.getColorModel() instanceof IndexColorModel palette
            ? palette.convertToIntDiscrete(picture.getRaster(), false)
            : picture;
    Raster raster = direct.getRaster();
    boolean alpha = direct.getColorModel().hasAlpha();
    int bands = raster.getNumBands() - (alpha ? 1 : 0);
    if (bands != 1 && bands != 3) {
      throw new IllegalArgumentException(
          "expected 1 channel (gray) or 3 (RGB), got %d".formatted(bands));
    }
    List<double[]> planes = new ArrayList<>();
    for (int c = 0; c < raster.getNumBands(); c++) {
      double[] plane =
          raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), c, (double[]) null);
      double max = (1L << raster.getSampleModel().getSampleSize(c)) - 1;
      Arrays.setAll(plane, k -> plane[k] / max);
      planes.add(plane);
    }
    if (alpha) {
      double[] opacity = planes.remove(bands);
      planes.forEach(plane -> Arrays.setAll(plane, k -> 1 - opacity[k] * (1 - plane[k])));
    }
    return new Planes(raster.getHeight(), raster.getWidth(), planes);
  }

  private static float[] fit(Planes image, ImageSpec spec) {
    List<double[]> planes = image.channels();
    if (planes.size() == 3 && spec.channels() == 1) {
      double[] r = planes.get(0);
      double[] g = planes.get(1);
      double[] b = planes.get(2);
      double[] luma = new double[r.length];
      Arrays.setAll(luma, k -> 0.299 * r[k] + 0.587 * g[k] + 0.114 * b[k]);
      planes = List.of(luma);
    }
    int h = spec.height();
    int w = spec.width();
    // The side that has to grow most, or shrink least, fits exactly; the other one is cropped.
    boolean byHeight = (long) h * image.width() >= (long) w * image.height();
    int height = byHeight ? h : (int) ((long) image.height() * w / image.width());
    int width = byHeight ? (int) ((long) image.width() * h / image.height()) : w;
    int top = (int) Math.rint((height - h) / 2.0);
    int left = (int) Math.rint((width - w) / 2.0);
    float[] pixels = new float[spec.channels() * h * w];
    for (int c = 0; c < spec.channels(); c++) {
      double[] plane = planes.get(c % planes.size());
      boolean sameSize = height == image.height() && width == image.width();
      double[] resized =
          sameSize
              ? plane
              : TriangleFilter.resize(plane, image.height(), image.width(), height, width);
      for (int i = 0; i < h; i++) {
        for (int j = 0; j < w; j++) {
          pixels[(c * h + i) * w + j] =
              (float)
                  (spec.low() + (spec.high() - spec.low()) * resized[(top + i) * width + left + j]);
        }
      }
    }
    return pixels;
  }

  private static void requireGrayOrRgb(ImageSpec spec) {
    if (spec.channels() != 1 && spec.channels() != 3) {
      throw new IllegalArgumentException(
          "expected 1 channel (gray) or 3 (RGB), got " + spec.channels());
    }
  }

  private static boolean isImage(Path file) {
    String name = name(file).toLowerCase(Locale.ROOT);
    return Files.isRegularFile(file) && ENDINGS.stream().anyMatch(name::endsWith);
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }
}
