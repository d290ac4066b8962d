package io.metamer.image;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.IntBinaryOperator;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

final class ImagesTest {

  private final Path folder;

  ImagesTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @Test
  void resize_agreesWithPillow() throws IOException {
    for (double[] golden : golden("resize.txt")) {
      int height = (int) golden[0];
      int width = (int) golden[1];
      int side = (int) golden[2];
      Path file = png(gray(height, width, ImagesTest::pattern));

      INDArray image = Images.read(List.of(file), ImageSpec.gray(side));

      assertClose(Arrays.copyOfRange(golden, 3, golden.length), elements(image), 1e-5, 1e-6);
    }
  }

  @Test
  void image_ofItsSize_isReadAsItIs_inTheBounds() throws IOException {
    Path file = png(gray(4, 6, ImagesTest::pattern));
    ImageSpec unit = new ImageSpec(1, 4, 6, 0, 1);

    INDArray image = Images.read(List.of(file), unit);

    assertEquals(DataType.FLOAT, image.dataType());
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 6; j++) {
        assertEquals((float) (pattern(i, j) / 255.0), (float) image.getDouble(0, 0, i, j));
      }
    }
    assertClose(
        image.mul(4).sub(3), Images.read(List.of(file), new ImageSpec(1, 4, 6, -3, 1)), 1e-6, 1e-6);
  }

  @Test
  void wideImage_isCutToItsCentre() throws IOException {
    Path file = png(gray(2, 6, (i, j) -> 10 * j));

    INDArray image = Images.read(List.of(file), ImageSpec.gray(2));

    assertClose(
        new double[] {20 / 255.0, 30 / 255.0, 20 / 255.0, 30 / 255.0}, elements(image), 1e-6, 0);
  }

  @Test
  void colours_keepTheirOrder_andGrayIsTheirLuma() throws IOException {
    BufferedImage picture = new BufferedImage(1, 1, BufferedImage.TYPE_3BYTE_BGR);
    picture.setRGB(0, 0, 0x804020);
    Path file = png(picture);

    assertClose(
        new double[] {0x80 / 255.0, 0x40 / 255.0, 0x20 / 255.0},
        elements(Images.read(List.of(file), ImageSpec.rgb(1))),
        1e-6,
        0);
    assertClose(
        new double[] {(0.299 * 0x80 + 0.587 * 0x40 + 0.114 * 0x20) / 255},
        elements(Images.read(List.of(file), ImageSpec.gray(1))),
        1e-6,
        0);
  }

  @Test
  void gray_becomesThreeEqualChannels() throws IOException {
    Path file = png(gray(1, 1, (i, j) -> 128));

    double v = 128 / 255.0;
    assertClose(
        new double[] {v, v, v}, elements(Images.read(List.of(file), ImageSpec.rgb(1))), 1e-6, 0);
  }

  @Test
  void transparency_isLaidOverWhite() throws IOException {
    BufferedImage picture = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
    picture.setRGB(0, 0, 0x33FF0000);

    INDArray image = Images.read(List.of(png(picture)), ImageSpec.rgb(1));

    assertClose(new double[] {1, 0.8, 0.8}, elements(image), 1e-6, 0);
  }

  @Test
  void paletteAndSixteenBitImages_areRead() throws IOException {
    IndexColorModel palette =
        new IndexColorModel(
            1, 2, new byte[] {0, (byte) 255}, new byte[] {51, 102}, new byte[] {0, 0});
    BufferedImage indexed = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
    indexed.getRaster().setSample(1, 0, 0, 1);
    BufferedImage deep = new BufferedImage(1, 1, BufferedImage.TYPE_USHORT_GRAY);
    deep.getRaster().setSample(0, 0, 0, 30_000);

    assertClose(
        new double[] {0, 1, 0.2, 0.4, 0, 0},
        elements(Images.read(List.of(png(indexed)), new ImageSpec(3, 1, 2, 0, 1))),
        1e-6,
        0);
    assertClose(
        new double[] {30_000 / 65_535.0},
        elements(Images.read(List.of(png(deep)), ImageSpec.gray(1))),
        1e-6,
        0);
  }

  @Test
  void jpeg_isRead_inTheOrderOfTheFiles() throws IOException {
    Path red = folder.resolve("red.jpg");
    Path gray = folder.resolve("gray.jpeg");
    BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int k = 0; k < 256; k++) {
      picture.setRGB(k % 16, k / 16, 0xC81414);
    }
    ImageIO.write(picture, "jpg", red.toFile());
    ImageIO.write(gray(16, 16, (i, j) -> 100), "jpg", gray.toFile());

    INDArray images = Images.read(List.of(gray, red), ImageSpec.rgb(16));

    // JPEG is lossy: two levels.
    double[] grayPixel = {100 / 255.0, 100 / 255.0, 100 / 255.0};
    double[] redPixel = {0xC8 / 255.0, 0x14 / 255.0, 0x14 / 255.0};
    for (int c = 0; c < 3; c++) {
      assertClose(grayPixel[c], images.getDouble(0, c, 7, 9), 0, 2 / 255.0);
      assertClose(redPixel[c], images.getDouble(1, c, 7, 9), 0, 2 / 255.0);
    }
  }

  @Test
  void jpeg_withAColourProfile_isReadAsStored() throws IOException {
    Path file = folder.resolve("linear.jpg");
    BufferedImage picture = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int k = 0; k < 256; k++) {
      picture.setRGB(k % 16, k / 16, 0x646464);
    }
    ImageIO.write(picture, "jpg", file.toFile());
    byte[] plain = Files.readAllBytes(file);
    int header = 4 + plain[5]; // start of image and JFIF segment
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    int length = 16 + profile.length;
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(plain, 0, header);
      out.write(new byte[] {(byte) 0xFF, (byte) 0xE2, (byte) (length >> 8), (byte) length});
      out.write("ICC_PROFILE\0\1\1".getBytes(StandardCharsets.ISO_8859_1));
      out.write(profile);
      out.write(plain, header, plain.length - header);
    }
    int converted = ImageIO.read(file.toFile()).getRaster().getSample(9, 7, 0);
    assertTrue(converted > 150, "the JDK's reader converts to sRGB");

    INDArray image = Images.read(List.of(file), ImageSpec.rgb(16));

    for (int c = 0; c < 3; c++) {
      assertClose(100 / 255.0, image.getDouble(0, c, 7, 9), 0, 2 / 255.0);
    }
  }

  @Test
  void write_thenRead_isQuantize() throws IOException {
    for (ImageSpec spec :
        List.of(new ImageSpec(3, 20, 30, 0, 1), new ImageSpec(1, 20, 30, -2, 3))) {
      INDArray image = Seeds.grayNoise(spec, 1, 5).mul(1.4);
      Path file = folder.resolve("written.png");

      Images.write(image.slice(0), spec, file);
      INDArray again = Images.read(List.of(file), spec);

      assertClose(Images.quantize(image, spec), again, 1e-6, 1e-6);
      assertClose(Images.quantize(again, spec), again, 1e-6, 1e-6);
    }
  }

  @Test
  void quantize_roundsToTheNearestLevel_halfUp() {
    ImageSpec spec = new ImageSpec(1, 1, 6, 0, 255);
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      INDArray x = Nd4j.createFromArray(-3, 0.49, 0.5, 1.5, 254.4, 300.0).castTo(type);

      INDArray quantized = Images.quantize(x, spec);

      assertClose(new double[] {0, 0, 1, 2, 254, 255}, elements(quantized), 1e-6, 0);
      assertEquals(type, quantized.dataType());
      assertEquals(-3, x.getDouble(0));
    }
  }

  @Test
  void quantize_ofEveryLevel_isItself() {
    ImageSpec spec = new ImageSpec(1, 1, 256, 0, 1);
    float[] levels = new float[256];
    for (int k = 0; k < 256; k++) {
      levels[k] = (float) (k / 255.0);
    }

    assertArrayEquals(levels, Images.quantize(Nd4j.createFromArray(levels), spec).toFloatVector());
  }

  @Test
  void bufferedImage_ofAnImageItCannotShow_isRefused() {
    ImageSpec spec = ImageSpec.rgb(2);
    INDArray nan = Nd4j.zeros(DataType.FLOAT, 3, 2, 2).putScalar(new int[] {1, 0, 1}, Double.NaN);

    assertRefused(
        "expected an image of shape [3, 2, 2], got [1, 3, 2, 2]",
        () -> Images.toBufferedImage(Nd4j.zeros(1, 3, 2, 2), spec));
    assertRefused(
        "expected numbers, got NaN in channel 1, row 0, column 1",
        () -> Images.toBufferedImage(nan, spec));
    assertRefused(
        "expected 1 channel (gray) or 3 (RGB), got 2",
        () -> Images.toBufferedImage(Nd4j.zeros(2, 2, 2), new ImageSpec(2, 2, 2, 0, 1)));
  }

  @Test
  void files_areSortedByName_withoutHiddenOnes() throws IOException {
    for (String name : List.of("b.PNG", "a.jpeg", "c.jpg", ".hidden")) {
      Files.createFile(folder.resolve(name));
    }

    assertEquals(
        List.of(folder.resolve("a.jpeg"), folder.resolve("b.PNG"), folder.resolve("c.jpg")),
        Images.files(folder));
  }

  @Test
  void folder_withOtherFiles_isRefused() throws IOException {
    for (String name : List.of("a.png", "labels.csv", "notes.txt", "x", "y")) {
      Files.createFile(folder.resolve(name));
    }

    assertRefused(
        "expected only PNG and JPEG files [.png, .jpg, .jpeg] in "
            + folder
            + ", found 4 others: labels.csv, notes.txt, x, ...",
        () -> Images.files(folder));
  }

  @Test
  void folder_withAFolder_isRefused() throws IOException {
    Files.createDirectory(folder.resolve("inner.png"));

    assertRefused(
        "expected only PNG and JPEG files [.png, .jpg, .jpeg] in "
            + folder
            + ", found 1 others: inner.png",
        () -> Images.files(folder));
  }

  @Test
  void folder_thatIsEmptyOrMissingOrAFile_isRefused() throws IOException {
    assertRefused(
        "expected PNG or JPEG files [.png, .jpg, .jpeg] in " + folder + ", found none",
        () -> Images.files(folder));
    assertThrows(NoSuchFileException.class, () -> Images.files(folder.resolve("missing")));
    Path file = Files.createFile(folder.resolve("file"));
    assertThrows(NotDirectoryException.class, () -> Images.files(file));
  }

  @Test
  void missingFile_isNamed() {
    Path missing = folder.resolve("missing.png");

    NoSuchFileException refused =
        assertThrows(
            NoSuchFileException.class, () -> Images.read(List.of(missing), ImageSpec.rgb(2)));

    assertEquals(missing.toString(), refused.getFile());
  }

  @Test
  void corruptFile_isNamed() throws IOException {
    Path text = Files.writeString(folder.resolve("text.png"), "not an image");
    assertUnreadable(text, "it is neither PNG nor JPEG");
    Path bitmap = folder.resolve("bitmap.png");
    ImageIO.write(gray(2, 2, ImagesTest::pattern), "bmp", bitmap.toFile());
    assertUnreadable(bitmap, "it is neither PNG nor JPEG, but bmp");
    assertUnreadable(Files.createDirectory(folder.resolve("inner.png")), "");
  }

  @Test
  void truncatedFile_isNamed() throws IOException {
    for (String format : List.of("png", "jpg")) {
      Path whole = folder.resolve("whole." + format);
      ImageIO.write(gray(64, 64, ImagesTest::pattern), format, whole.toFile());
      byte[] bytes = Files.readAllBytes(whole);
      for (double part : new double[] {0.05, 0.5, 0.9}) {
        Path cut = folder.resolve("cut." + format);
        Files.write(cut, Arrays.copyOf(bytes, (int) (part * bytes.length)));
        assertUnreadable(cut, "");
      }
    }
  }

  @Test
  void imageWithOtherChannels_isRefused() throws IOException {
    Path file = png(gray(2, 2, ImagesTest::pattern));

    assertRefused(
        "expected 1 channel (gray) or 3 (RGB), got 4",
        () -> Images.read(List.of(file), new ImageSpec(4, 2, 2, 0, 1)));
    assertRefused(
        "expected at least one image file, got none",
        () -> Images.read(List.of(), ImageSpec.rgb(2)));
  }

  private static void assertUnreadable(Path file, String reason) {
    IOException refused =
        assertThrows(IOException.class, () -> Images.read(List.of(file), ImageSpec.rgb(2)));
    assertTrue(
        String.valueOf(refused.getMessage())
            .startsWith("cannot read image " + file + ": " + reason),
        () -> String.valueOf(refused.getMessage()));
  }

  private static void assertRefused(
      String message, org.junit.jupiter.api.function.Executable call) {
    assertEquals(message, assertThrows(IllegalArgumentException.class, call).getMessage());
  }

  private static int pattern(int i, int j) {
    return (37 * i + 59 * j + 7 * i * j) % 256;
  }

  private static BufferedImage gray(int height, int width, IntBinaryOperator pixel) {
    BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < height; i++) {
      for (int j = 0; j < width; j++) {
        picture.getRaster().setSample(j, i, 0, pixel.applyAsInt(i, j));
      }
    }
    return picture;
  }

  private Path png(BufferedImage picture) throws IOException {
    Path file = Files.createTempFile(folder, "image", ".png");
    assertTrue(ImageIO.write(picture, "png", file.toFile()));
    return file;
  }

  private static double[] elements(INDArray array) {
    return array.dup('c').reshape(array.length()).castTo(DataType.DOUBLE).toDoubleVector();
  }

  private static List<double[]> golden(String name) throws IOException {
    try (InputStream in =
            Objects.requireNonNull(ImagesTest.class.getResourceAsStream("/golden/images/" + name));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> Arrays.stream(line.split(" ")).mapToDouble(Double::parseDouble).toArray())
          .toList();
    }
  }
}
