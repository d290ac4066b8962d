package io.metamer.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Arrays as NumPy writes them, format versions 1 to 3.
 *
 * @see "NumPy Enhancement Proposal 1: a simple file format for NumPy arrays"
 */
final class Npy {

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};

  /** The longest header that NumPy itself reads. */
  private static final int MAX_HEADER = 10_000;

  private static final Pattern DESCR = Pattern.compile("'descr': *'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order': *(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape': *\\(([0-9L, ]*)\\)");

  private Npy() {}

  static boolean startsWith(byte[] head) {
    return Arrays.equals(head, 0, Math.min(head.length, MAGIC.length), MAGIC, 0, MAGIC.length);
  }

  /**
   * Reads the header.
   *
   * @param bytes of the whole file
   * @param size how many
   * @return the array, or nothing where it is text
   */
  static Optional<View> read(Storage.Bytes bytes, long size) throws IOException {
    InputStream stream = bytes.from(0);
    byte[] start = stream.readNBytes(MAGIC.length + 2);
    if (!startsWith(start) || start.length < MAGIC.length + 2) {
      throw new IOException("it does not start like an array of NumPy's");
    }
    int widthOfLength = start[MAGIC.length] == 1 ? 2 : 4;
    long header = 0;
    for (int i = 0; i < widthOfLength; i++) {
      header |= (long) byteOf(stream) << (8 * i);
    }
    if (header > MAX_HEADER) {
      throw new IOException("its header has %d bytes, more than NumPy reads".formatted(header));
    }
    byte[] text = stream.readNBytes((int) header);
    long data = start.length + widthOfLength + header;
    return view(new String(text, StandardCharsets.ISO_8859_1), bytes, data, size);
  }

  private static Optional<View> view(String header, Storage.Bytes bytes, long data, long size)
      throws IOException {
    String descr = find(DESCR, header);
    boolean fortran = find(ORDER, header).equals("True");
    List<Long> shape = shape(find(SHAPE, header));
    Optional<ElementType> type = type(descr);
    if (type.isEmpty()) {
      return Optional.empty();
    }
    long length = View.length(shape);
    if (length > (size - data) / type.get().bytes) {
      throw new IOException(
          "shape %s of %s in %d bytes: it is cut short"
              .formatted(shape, type.get().word(), size - data));
    }
    ByteOrder order = descr.startsWith(">") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    Storage storage = new Storage(type.get(), order, length, at -> bytes.from(data + at));
    return Optional.of(
        fortran ? View.inColumnOrder(storage, shape) : View.inRowOrder(storage, shape));
  }

  /** The type of the numbers, or nothing for text. */
  static Optional<ElementType> type(String descr) throws IOException {
    String kind = descr.isEmpty() ? "" : descr.substring(1);
    for (ElementType type : ElementType.values()) {
      if (kind.equals(type.numpy)) {
        return Optional.of(type);
      }
    }
    if (kind.startsWith("U") || kind.startsWith("S")) {
      return Optional.empty();
    }
    throw new IOException(
        "its numbers are of type '%s'; supported are %s".formatted(descr, ElementType.SUPPORTED));
  }

  private static String find(Pattern pattern, String header) throws IOException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IOException(
          "its header is %s; expected a type, an order and a shape".formatted(header.strip()));
    }
    return matcher.group(1);
  }

  private static List<Long> shape(String text) throws IOException {
    try {
      return Arrays.stream(text.replace("L", "").split(","))
          .map(String::strip)
          .filter(n -> !n.isEmpty())
          .map(Long::valueOf)
          .toList();
    } catch (NumberFormatException e) {
      throw new IOException("its shape is (%s)".formatted(text), e);
    }
  }

  private static int byteOf(InputStream stream) throws IOException {
    int b = stream.read();
    if (b < 0) {
      throw new EOFException("the file ends in its header");
    }
    return b;
  }
}
