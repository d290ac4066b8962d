package io.metamer.model;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Damaged copies of a file, the same ones for the same seed: flipped bits, bytes put in, taken out,
 * repeated or moved, lengths and counts replaced by extreme ones, ends cut off.
 */
public final class Mutations {

  /**
   * What breaks a reader that trusts a length: small, large, negative, and overflowing products.
   */
  private static final long[] EXTREMES = {
    0,
    1,
    -1,
    2,
    -8,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0xffff,
    0x10000,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    0xffffffffL,
    1L << 32,
    1L << 40,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  private static final int MOST_EDITS = 4;
  private static final int LONGEST_RUN = 64;

  private Mutations() {}

  /**
   * Damages a file again and again.
   *
   * @param original a whole file
   * @param count how many copies
   * @param seed copy i depends on this and i only
   * @return the copies, made one at a time
   */
  public static Stream<byte[]> of(byte[] original, int count, long seed) {
    return IntStream.range(0, count).mapToObj(i -> mutated(original, seed, i));
  }

  private static byte[] mutated(byte[] original, long seed, int index) {
    RandomGenerator random = new SplittableRandom(31 * seed + index);
    byte[] bytes = original.clone();
    int edits = 1 + random.nextInt(MOST_EDITS);
    for (int i = 0; i < edits && bytes.length > 0; i++) {
      bytes = edited(bytes, random);
    }
    return bytes;
  }

  private static byte[] edited(byte[] bytes, RandomGenerator random) {
    int at = random.nextInt(bytes.length);
    int run = 1 + random.nextInt(Math.min(LONGEST_RUN, bytes.length - at));
    byte[] part = Arrays.copyOfRange(bytes, at, at + run);
    return switch (random.nextInt(9)) {
      case 0, 1 -> {
        bytes[at] ^= (byte) (1 << random.nextInt(8));
        yield bytes;
      }
      case 2 -> {
        bytes[at] = (byte) extreme(random);
        yield bytes;
      }
      case 3 -> overwritten(bytes, at, number(random));
      case 4 -> Arrays.copyOf(bytes, at);
      case 5 -> {
        random.nextBytes(part);
        yield spliced(bytes, at, 0, part);
      }
      case 6 -> spliced(bytes, at, run, new byte[0]);
      case 7 -> spliced(bytes, at, 0, part);
      default -> overwritten(bytes, random.nextInt(bytes.length), part);
    };
  }

  private static long extreme(RandomGenerator random) {
    return EXTREMES[random.nextInt(EXTREMES.length)];
  }

  /** A whole number as files write them: of 2, 4 or 8 bytes, in either order, or a varint. */
  private static byte[] number(RandomGenerator random) {
    ByteBuffer buffer = ByteBuffer.allocate(10);
    buffer.order(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
    long value = extreme(random);
    switch (random.nextInt(4)) {
      case 0 -> buffer.putShort((short) value);
      case 1 -> buffer.putInt((int) value);
      case 2 -> buffer.putLong(value);
      default -> {
        for (; (value & ~0x7fL) != 0; value >>>= 7) {
          buffer.put((byte) (value | 0x80));
        }
        buffer.put((byte) value);
      }
    }
    return Arrays.copyOf(buffer.array(), buffer.position());
  }

  private static byte[] overwritten(byte[] bytes, int at, byte[] by) {
    return spliced(bytes, at, Math.min(by.length, bytes.length - at), by);
  }

  /** The bytes with {@code removed} of them at a place replaced by others. */
  private static byte[] spliced(byte[] bytes, int at, int removed, byte[] by) {
    return ByteBuffer.allocate(bytes.length - removed + by.length)
        .put(bytes, 0, at)
        .put(by)
        .put(bytes, at + removed, bytes.length - at - removed)
        .array();
  }
}
