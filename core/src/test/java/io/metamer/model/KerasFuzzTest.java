package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Damaged files of Keras give the documented exceptions, soon, and with little memory. */
final class KerasFuzzTest {

  private static final long SECONDS = 1_000_000_000L;

  /** The stated multiple of the file's size, for the arrays, the structures and the text each. */
  private static final int SHARES = 4;

  private static final com.sun.management.ThreadMXBean MEMORY =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static void check(byte[] bytes) {
    long before = MEMORY.getCurrentThreadAllocatedBytes();
    long start = System.nanoTime();
    try {
      Network network = KerasFiles.read(bytes);
      if (network.input().isPresent()) {
        network.layers();
      } else {
        network.layers(new ImageSpec(3, 6, 5, 0, 1));
      }
    } catch (IOException | UnsupportedModelException | IllegalArgumentException e) {
      assertTrue(e.getMessage() != null && !e.getMessage().isEmpty());
    }
    assertTrue(System.nanoTime() - start < 2 * SECONDS);
    long allocated = MEMORY.getCurrentThreadAllocatedBytes() - before;
    assertTrue(allocated < SHARES * KerasHdf5.most(bytes.length), "allocated " + allocated);
  }

  private static void check(Stream<byte[]> files) {
    files.forEach(KerasFuzzTest::check);
  }

  @Test
  void damagedHdf5_givesDocumentedExceptions() throws IOException {
    check(Mutations.of(KerasGolden.bytes("plain2.h5"), 3_000, 1));
    check(Mutations.of(KerasGolden.bytes("nested2.h5"), 1_000, 2));
    check(Mutations.of(KerasGolden.bytes("plain2.gzip.h5"), 500, 3));
    check(Mutations.of(KerasGolden.bytes("plain2.latest.h5"), 500, 4));
  }

  @Test
  void damagedKeras_givesDocumentedExceptions() throws IOException {
    byte[] whole = KerasGolden.bytes("nested3.keras");
    check(Mutations.of(whole, 1_000, 5));
    for (String entry : new String[] {"config.json", "model.weights.h5"}) {
      Map<String, byte[]> entries = KerasFiles.entries(whole);
      byte[] original = entries.get(entry);
      for (byte[] part : Mutations.of(original, 1_500, 6).toList()) {
        entries.put(entry, part);
        check(KerasFiles.zip(entries));
      }
    }
  }
}
