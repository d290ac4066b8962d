package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class BundledTest {

  @Test
  void images_areTwoOfEachClass() throws IOException {
    List<String> names = Bundled.images(Demo.IMAGES);
    assertEquals(20, names.stream().distinct().count());
    names.stream()
        .collect(Collectors.groupingBy(n -> n.substring(n.indexOf('_')), Collectors.counting()))
        .forEach((label, count) -> assertEquals(2, count, label));
  }

  @Test
  void images_moreThanThereAre_areAll() throws IOException {
    assertEquals(120, Bundled.images(1000).size());
  }

  @Test
  void images_areReadIntoTheSpec() throws IOException {
    try (var images = Bundled.read(Bundled.images(3), Bundled.SPEC)) {
      assertEquals(
          List.of(3L, 1L, 28L, 28L), java.util.Arrays.stream(images.shape()).boxed().toList());
      assertEquals(1.0, images.maxNumber().doubleValue(), 0.1);
    }
  }

  @Test
  void network_thatIsNotBundled_isMissed() {
    assertThrows(FileNotFoundException.class, () -> Bundled.network("alexnet"));
  }
}
