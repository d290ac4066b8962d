package io.metamer.weights;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/**
 * Files that {@code torch.save} wrote, in both of its formats: what was saved, its tensors as
 * {@link View}s.
 *
 * @see "torch/serialization.py, _save and _legacy_save"
 */
final class TorchFile {

  /** The first pickle of the old format. */
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);

  /** The second. */
  private static final long PROTOCOL = 1001;

  private TorchFile() {}

  /** The entry that describes what was saved, where a zip file is of this kind. */
  static @Nullable ZipEntry pickle(ZipFile zip) {
    return zip.stream().filter(e -> e.getName().endsWith("/data.pkl")).findFirst().orElse(null);
  }

  /** Reads the format of torch 1.6 and later: a zip of a pickle and one entry a storage. */
  static @Nullable Object zip(ZipFile zip, ZipEntry pickle) throws IOException {
    String folder = pickle.getName().substring(0, pickle.getName().length() - "data.pkl".length());
    if (zip.getEntry(folder + "constants.pkl") != null) {
      throw TorchObjects.refused("TorchScript program");
    }
    TorchObjects objects =
        new TorchObjects(
            (key, type, length) -> {
              ZipEntry entry = zip.getEntry(folder + "data/" + key);
              if (entry == null || length < 0 || length > stored(entry) / type.bytes) {
                throw new IOException(
                    "its storage %s is missing or shorter than %d numbers of %s"
                        .formatted(key, length, type.word()));
              }
              return position -> {
                InputStream stream = zip.getInputStream(entry);
                stream.skipNBytes(position);
                return stream;
              };
            },
            order(zip, folder));
    try (InputStream stream = new BufferedInputStream(zip.getInputStream(pickle))) {
      return Unpickler.read(stream, stored(pickle), objects);
    }
  }

  /** The size of an entry; torch compresses none. */
  private static long stored(ZipEntry entry) throws IOException {
    if (entry.getMethod() != ZipEntry.STORED || entry.getSize() != entry.getCompressedSize()) {
      throw new IOException(
          "its entry %s is compressed; torch.save compresses none".formatted(entry.getName()));
    }
    return entry.getSize();
  }

  private static ByteOrder order(ZipFile zip, String folder) throws IOException {
    ZipEntry entry = zip.getEntry(folder + "byteorder");
    if (entry == null) {
      return ByteOrder.LITTLE_ENDIAN;
    }
    try (InputStream stream = zip.getInputStream(entry)) {
      String order = new String(stream.readNBytes(16), StandardCharsets.US_ASCII).strip();
      return switch (order) {
        case "little" -> ByteOrder.LITTLE_ENDIAN;
        case "big" -> ByteOrder.BIG_ENDIAN;
        default -> throw new IOException("its byte order is '%s'".formatted(order));
      };
    }
  }

  /**
   * Reads the format of older torch: a magic number, a version, the machine's properties, what was
   * saved, and the keys of the storages, all pickled; then the storages, each behind its length.
   */
  static @Nullable Object legacy(FileChannel channel) throws IOException {
    long size = channel.size();
    FileBytes stream = new FileBytes(channel, 0);
    Map<String, Long> starts = new HashMap<>();
    Map<String, long[]> expected = new HashMap<>();
    TorchObjects objects =
        new TorchObjects(
            (key, type, length) -> {
              if (length < 0 || length > size / type.bytes) {
                throw new IOException(
                    "its storage %s of %d numbers is larger than the file".formatted(key, length));
              }
              expected.put(key, new long[] {length, type.bytes});
              return at -> new FileBytes(channel, starts.getOrDefault(key, size) + at);
            },
            ByteOrder.LITTLE_ENDIAN);
    Object magic = Unpickler.read(stream, size, objects);
    if (!MAGIC.equals(magic)) {
      throw new IOException(
          "it is a pickle, but not one of torch.save; expected that, safetensors, .npz or .npy");
    }
    Object protocol = Unpickler.read(stream, size - stream.position(), objects);
    if (!Long.valueOf(PROTOCOL).equals(protocol)) {
      throw new IOException("its version is %s; expected %d".formatted(protocol, PROTOCOL));
    }
    Unpickler.read(stream, size - stream.position(), objects);
    Object saved = Unpickler.read(stream, size - stream.position(), objects);
    if (!(Unpickler.read(stream, size - stream.position(), objects) instanceof List<?> keys)) {
      throw Unpickler.damaged("no list of storages");
    }
    long position = stream.position();
    for (Object key : keys) {
      long[] storage = key instanceof String ? expected.get(key) : null;
      ByteBuffer length =
          ByteBuffer.wrap(new FileBytes(channel, position).readNBytes(8))
              .order(ByteOrder.LITTLE_ENDIAN);
      if (storage == null || length.remaining() < 8 || length.getLong() != storage[0]) {
        throw new IOException(
            "its storage %s is not what its tensors say: it is cut short or damaged"
                .formatted(key instanceof String ? key : "without a name"));
      }
      starts.put((String) key, position + 8);
      position += 8 + storage[0] * storage[1];
      if (position > size) {
        throw new IOException("its storage %s is cut short".formatted(key));
      }
    }
    if (starts.size() < expected.size()) {
      throw new IOException(
          "it has %d storages of %d: it is cut short or damaged"
              .formatted(starts.size(), expected.size()));
    }
    return saved;
  }
}
