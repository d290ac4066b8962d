package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TargetFilesTest {

  private final Path temp;

  TargetFilesTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void folder_inOrder_isSortedByName() throws IOException {
    TargetFiles files = TargetFiles.of(Targets.folder(Fixture.images(temp, 12)).first(3));
    assertEquals(List.of("t00", "t01", "t02"), files.names());
    assertArrayEquals(new long[] {2, 3, 8, 8}, files.read(1, 3, Fixture.INPUT).shape());
  }

  @Test
  void shuffled_withMoreImages_beginsWithTheSame() throws IOException {
    Targets all = Targets.folder(Fixture.images(temp, 12)).shuffled(5);
    List<String> twelve = TargetFiles.of(all).names();
    assertEquals(twelve.subList(0, 5), TargetFiles.of(all.first(5)).names());
    assertEquals(12, twelve.stream().distinct().count());
    assertNotEquals(twelve, TargetFiles.of(all.shuffled(6)).names());
  }

  @Test
  void shuffled_isTheSameOnEveryMachine() throws IOException {
    Targets all = Targets.folder(Fixture.images(temp, 5)).shuffled(7);
    assertEquals(List.of("t01", "t03", "t02", "t00", "t04"), TargetFiles.of(all).names());
  }

  @Test
  void count_beyondWhatIsThere_isRefused() {
    Targets targets = Targets.folder(Fixture.images(temp, 2)).first(3);
    String told =
        assertThrows(IllegalArgumentException.class, () -> TargetFiles.of(targets)).getMessage();
    assertTrue(told.contains("a count of at most its 2 images"), told);
  }

  @Test
  void cifar10_hasItsPixelsAndClasses() throws IOException {
    TargetFiles files = TargetFiles.of(Targets.cifar10(cifar(3)));
    assertEquals(List.of("00000_airplane", "00001_automobile", "00002_bird"), files.names());
    float[] pixels = files.read(1, 3, ImageSpec.rgb(32)).dup().reshape(2 * 3072).toFloatVector();
    assertEquals(1 / 255f, pixels[0]);
    assertEquals((1 + 3071) % 256 / 255f, pixels[3071]);
    assertEquals(2 / 255f, pixels[3072]);
  }

  @Test
  void cifar10_shuffled_isReadByNumber() throws IOException {
    TargetFiles files = TargetFiles.of(Targets.cifar10(cifar(10)).shuffled(3).first(4));
    for (int k = 0; k < 4; k++) {
      int i = Integer.parseInt(files.names().get(k).substring(0, 5));
      assertEquals(i / 255f, files.read(k, k + 1, ImageSpec.rgb(32)).getFloat(0, 0, 0, 0));
    }
  }

  @Test
  void cifar10_forANetworkOfAnotherSize_isRefused() throws IOException {
    TargetFiles files = TargetFiles.of(Targets.cifar10(cifar(1)));
    String told =
        assertThrows(IllegalArgumentException.class, () -> files.read(0, 1, ImageSpec.rgb(224)))
            .getMessage();
    assertTrue(told.contains("images of 3 x 32 x 32, the network takes 3 x 224 x 224"), told);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3072, 3074})
  void cifar10_ofAnotherLength_isRefused(int length) throws IOException {
    Path file = Files.write(temp.resolve("x.bin"), new byte[length]);
    String told =
        assertThrows(IOException.class, () -> TargetFiles.of(Targets.cifar10(file))).getMessage();
    assertTrue(told.contains("records of 3073 bytes, got " + length), told);
  }

  @Test
  void cifar10_ofAnotherLabel_isRefused() throws IOException {
    byte[] bytes = new byte[3073];
    bytes[0] = (byte) 200;
    Path file = Files.write(temp.resolve("x.bin"), bytes);
    String told =
        assertThrows(IOException.class, () -> TargetFiles.of(Targets.cifar10(file))).getMessage();
    assertTrue(told.contains("labels from 0 to 9, image 0 has 200"), told);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void idx_hasItsPixelsAndLabels(boolean zipped) throws IOException {
    Path images = file("images", zipped, idx(3, 2, 2, 12));
    Path labels = file("labels", zipped, new byte[] {0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9});
    TargetFiles files = TargetFiles.of(Targets.idx(images, labels));
    assertEquals(List.of("00000_7", "00001_8", "00002_9"), files.names());
    float[] last = files.read(2, 3, ImageSpec.gray(2)).dup().reshape(4).toFloatVector();
    assertArrayEquals(new float[] {8 / 255f, 9 / 255f, 10 / 255f, 11 / 255f}, last);
  }

  @Test
  void idx_withoutLabels_isNamedByNumber() throws IOException {
    Targets labelled = Targets.idx(file("images", false, idx(1, 2, 2, 4)), temp);
    Targets targets =
        new Targets(
            labelled.format(),
            labelled.path(),
            java.util.Optional.empty(),
            labelled.count(),
            labelled.shuffle());
    assertEquals(List.of("00000"), TargetFiles.of(targets).names());
  }

  @Test
  void idx_thatClaimsMoreThanItHolds_isRefusedAtOnce() throws IOException {
    Path images = file("images", false, idx(Integer.MAX_VALUE, 2, 2, 12));
    assertRefused(images, "cut short, it should hold 2147483647 images");
  }

  @Test
  void idx_ofHugeImages_isRefused() throws IOException {
    assertRefused(file("images", false, idx(1, 1 << 30, 1 << 30, 12)), "images are of 1073741824");
  }

  @Test
  void idx_ofNoImages_isRefused() throws IOException {
    assertRefused(file("images", false, idx(0, 2, 2, 0)), "it holds 0 images");
  }

  @Test
  void idx_ofSomethingElse_isRefused() throws IOException {
    assertRefused(file("images", false, new byte[] {1, 2, 3}), "expected IDX images");
  }

  @Test
  void idx_cutShort_isRefused() throws IOException {
    byte[] whole = idx(3, 2, 2, 12);
    for (int length = 0; length < whole.length; length++) {
      Path images = file("images", false, Arrays.copyOf(whole, length));
      assertRefused(images, "images");
    }
  }

  @Test
  void idx_damagedInItsZip_isRefused() throws IOException {
    byte[] zip = zipped(idx(3, 2, 2, 12));
    for (int i = 2; i < zip.length - 8; i++) {
      byte[] cut = Arrays.copyOf(zip, i);
      assertRefused(Files.write(temp.resolve("images"), cut), "images");
    }
  }

  @Test
  void idx_withLabelsOfOtherImages_isRefused() throws IOException {
    Path images = file("images", false, idx(3, 2, 2, 12));
    Path labels = file("labels", false, new byte[] {0, 0, 8, 1, 0, 0, 0, 2, 7, 8});
    String told =
        assertThrows(IOException.class, () -> TargetFiles.of(Targets.idx(images, labels)))
            .getMessage();
    assertTrue(told.contains("a label of each of 3 images, got 2"), told);
  }

  private void assertRefused(Path images, String expected) {
    String told =
        assertThrows(IOException.class, () -> TargetFiles.of(Targets.idx(images, images)))
            .getMessage();
    assertTrue(told.contains(expected), told);
  }

  private Path cifar(int n) throws IOException {
    byte[] bytes = new byte[n * 3073];
    for (int i = 0; i < n; i++) {
      bytes[i * 3073] = (byte) i;
      for (int k = 0; k < 3072; k++) {
        bytes[i * 3073 + 1 + k] = (byte) (i + k);
      }
    }
    return Files.write(temp.resolve("cifar.bin"), bytes);
  }

  private static byte[] idx(int n, int rows, int columns, int pixels) {
    ByteBuffer bytes = ByteBuffer.allocate(16 + pixels);
    bytes.putInt(0x803).putInt(n).putInt(rows).putInt(columns);
    for (int i = 0; i < pixels; i++) {
      bytes.put((byte) i);
    }
    return bytes.array();
  }

  private Path file(String name, boolean zipped, byte[] bytes) throws IOException {
    return Files.write(temp.resolve(name), zipped ? zipped(bytes) : bytes);
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    }
    return out.toByteArray();
  }
}
