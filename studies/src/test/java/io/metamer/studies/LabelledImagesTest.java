package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.factory.Nd4j;

final class LabelledImagesTest {

  private static final ImageSpec SMALL = ImageSpec.gray(2);

  private final Path temp;

  LabelledImagesTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void cifar10_hasTheLabelsOfItsRecords() throws IOException {
    byte[] bytes = new byte[3 * 3073];
    bytes[0] = 9;
    bytes[3073] = 2;
    bytes[3073 + 1] = (byte) 255;
    Path file = Files.write(temp.resolve("batch.bin"), bytes);
    LabelledImages two = LabelledImages.cifar10(file, Optional.of(2), ImageSpec.rgb(32));
    assertArrayEquals(new int[] {9, 2}, two.labels());
    assertEquals(List.of("00000_truck", "00001_bird"), two.names());
    assertEquals("bird", two.classes().get(2));
    assertEquals(1, two.images().getFloat(1, 0, 0, 0));
    assertFalse(LabelledImages.isIdx(file));
  }

  @Test
  void idx_hasTheLabelsBesideIt() throws IOException {
    Path images = idx("t10k-images-idx3-ubyte", 3);
    Path labels =
        Files.write(
            temp.resolve("t10k-labels-idx1-ubyte"), new byte[] {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 5});
    assertTrue(LabelledImages.isIdx(images));
    assertFalse(LabelledImages.isIdx(labels));
    assertEquals(Optional.of(labels), LabelledImages.labelsBeside(images));
    LabelledImages all = LabelledImages.idx(images, labels, Optional.empty(), SMALL);
    assertArrayEquals(new int[] {7, 0, 5}, all.labels());
    assertEquals(List.of("00000_7", "00001_0", "00002_5"), all.names());
    assertEquals(3, all.images().size(0));
  }

  @Test
  void labels_besideImages_areFoundCompressedAndWithADot() throws IOException {
    Path zipped = Files.createFile(temp.resolve("train-labels.idx1-ubyte.gz"));
    assertEquals(
        Optional.of(zipped), LabelledImages.labelsBeside(temp.resolve("train-images.idx3-ubyte")));
    assertEquals(
        Optional.of(zipped),
        LabelledImages.labelsBeside(temp.resolve("train-images.idx3-ubyte.gz")));
    assertEquals(
        Optional.empty(), LabelledImages.labelsBeside(temp.resolve("t10k-images-idx3-ubyte")));
    assertEquals(Optional.empty(), LabelledImages.labelsBeside(temp.resolve("digits")));
  }

  @Test
  void folders_areClassesByName_takenInTurn() throws IOException {
    Path folder = folders("dog", 3, "cat", 1, "eel", 2);
    LabelledImages all = LabelledImages.folders(folder, Optional.empty(), Optional.empty(), SMALL);
    assertEquals(List.of("cat", "dog", "eel"), all.classes());
    assertArrayEquals(new int[] {0, 1, 2, 1, 2, 1}, all.labels());
    assertEquals(
        List.of("cat", "dog", "eel", "dog", "eel", "dog").toString(),
        all.names().stream().map(n -> Path.of(n).getParent().toString()).toList().toString());
    // Each image has the gray of its number in the class.
    assertEquals(0, all.images().getFloat(1, 0, 0, 0));
    assertEquals(2 / 255f, all.images().getFloat(5, 0, 0, 0), 1e-6f);
    LabelledImages four = LabelledImages.folders(folder, Optional.empty(), Optional.of(4), SMALL);
    assertEquals(all.names().subList(0, 4), four.names());
  }

  @Test
  void folders_ofSomeClasses_haveTheirPlacesAmongAll() throws IOException {
    Path folder = folders("dog", 1, "cat", 1);
    List<String> classes = List.of("eel", "dog", "ant", "cat");
    LabelledImages some =
        LabelledImages.folders(folder, Optional.of(classes), Optional.empty(), SMALL);
    assertArrayEquals(new int[] {3, 1}, some.labels());
    assertEquals(classes, some.classes());
  }

  @Test
  void folders_thatAreNone_areRefused() throws IOException {
    Path folder = folders("dog", 1, "cat", 1);
    refused("cat: expected the name of one of the 1 classes", folder, List.of("dog"), 2);
    refused("expected the name of each class once", folder, List.of("dog", "cat", "dog"), 2);
    refused("expected a count from 1 to its 2 images, got 3", folder, List.of("dog", "cat"), 3);
    refused("expected a count from 1 to its 2 images, got 0", folder, List.of("dog", "cat"), 0);
    Files.createFile(folder.resolve("notes.txt"));
    refused("expected a folder for each class and nothing else", folder, List.of("dog", "cat"), 2);
    Path empty = Files.createDirectory(temp.resolve("empty"));
    refused("expected a folder for each class in", empty, List.of("dog", "cat"), 2);
  }

  private static void refused(String message, Path folder, List<String> classes, int count) {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> LabelledImages.folders(folder, Optional.of(classes), Optional.of(count), SMALL));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }

  @Test
  void labels_thatAreTooFew_areRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new LabelledImages(
                Collections.nCopies(2, "a"), Nd4j.zeros(2, 1, 2, 2), new int[1], List.of()));
  }

  private Path folders(Object... namesAndCounts) throws IOException {
    Path folder = Files.createDirectory(temp.resolve("classes"));
    Files.createFile(folder.resolve(".hidden"));
    for (int k = 0; k < namesAndCounts.length; k += 2) {
      Path of = Files.createDirectory(folder.resolve((String) namesAndCounts[k]));
      for (int i = 0; i < (int) namesAndCounts[k + 1]; i++) {
        Images.write(
            Nd4j.zeros(DataType.FLOAT, 1, 2, 2).addi(i / 255f), SMALL, of.resolve(i + ".png"));
      }
    }
    return folder;
  }

  private Path idx(String name, int n) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(16 + 4 * n);
    bytes.putInt(0x803).putInt(n).putInt(2).putInt(2);
    return Files.write(temp.resolve(name), bytes.array());
  }
}
