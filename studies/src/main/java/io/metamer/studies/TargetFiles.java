package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The targets of a study, found and put in order; images are read when they are asked for. */
final class TargetFiles {

  static final List<String> CIFAR10 =
      List.of(
          "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

  private static final ImageSpec CIFAR10_IMAGE = ImageSpec.rgb(32);

  static final int IDX_IMAGES = 0x803;
  private static final int IDX_LABELS = 0x801;

  /** The most that gzip makes of a byte. */
  private static final int GZIP_RATIO = 1032;

  /** Reads some of the targets. */
  private interface Reader {
    INDArray read(int from, int to, ImageSpec spec) throws IOException;
  }

  private final List<String> names;
  private final int[] labels;
  private final Reader reader;

  private TargetFiles(List<String> names, int[] labels, Reader reader) {
    this.names = names;
    this.labels = labels;
    this.reader = reader;
  }

  static TargetFiles of(Targets targets) throws IOException {
    try {
      return switch (targets.format()) {
        case FOLDER -> folder(targets);
        case CIFAR10 -> cifar10(targets);
        case IDX -> idx(targets);
      };
    } catch (EOFException | ZipException e) {
      throw new IOException("%s: cut short or damaged".formatted(targets.path()), e);
    }
  }

  /** One name for each target, in order. */
  List<String> names() {
    return names;
  }

  /** The class of each target, in order; empty where the files tell none. */
  int[] labels() {
    return labels.clone();
  }

  /**
   * The targets from one to before another, as a network takes them: shape {@code [N, C, H, W]}.
   *
   * @throws IllegalArgumentException if they are of another size, and not files of a folder
   */
  INDArray read(int from, int to, ImageSpec spec) throws IOException {
    return reader.read(from, to, spec);
  }

  private static TargetFiles folder(Targets targets) throws IOException {
    List<Path> all = Images.files(targets.path());
    List<Path> files = Arrays.stream(chosen(targets, all.size())).mapToObj(all::get).toList();
    return new TargetFiles(
        files.stream().map(TargetFiles::withoutEnding).toList(),
        new int[0],
        (from, to, spec) -> Images.read(files.subList(from, to), spec));
  }

  private static TargetFiles cifar10(Targets targets) throws IOException {
    Path file = targets.path();
    int record = 1 + 3 * 32 * 32;
    long size = Files.size(file);
    if (size == 0 || size % record != 0 || size / record > Integer.MAX_VALUE) {
      throw new IOException(
          "%s: expected CIFAR-10's binary version, records of %d bytes, got %d bytes"
              .formatted(file, record, size));
    }
    int[] chosen = chosen(targets, (int) (size / record));
    Map<Integer, byte[]> records = new HashMap<>();
    try (InputStream stream = new BufferedInputStream(Files.newInputStream(file))) {
      keep(stream, record, chosen, records, file);
    }
    List<String> names = new ArrayList<>();
    int[] labels = new int[chosen.length];
    List<byte[]> pixels = new ArrayList<>();
    for (int i : chosen) {
      byte[] bytes = required(records, i);
      if (bytes[0] < 0 || bytes[0] >= CIFAR10.size()) {
        throw new IOException(
            "%s: expected labels from 0 to 9, image %d has %d".formatted(file, i, bytes[0] & 0xFF));
      }
      labels[names.size()] = bytes[0];
      names.add("%05d_%s".formatted(i, CIFAR10.get(bytes[0])));
      pixels.add(Arrays.copyOfRange(bytes, 1, record));
    }
    return new TargetFiles(names, labels, bytes(file, CIFAR10_IMAGE, pixels));
  }

  private static TargetFiles idx(Targets targets) throws IOException {
    Path file = targets.path();
    try (DataInputStream stream = open(file)) {
      int n = header(stream, file, IDX_IMAGES, "images");
      int rows = stream.readInt();
      int columns = stream.readInt();
      if (rows < 1 || columns < 1 || (long) rows * columns > 1 << 24) {
        throw new IOException("%s: its images are of %d x %d".formatted(file, rows, columns));
      }
      int record = rows * columns;
      if ((long) n * record > GZIP_RATIO * Files.size(file)) {
        throw new IOException("%s: cut short, it should hold %d images".formatted(file, n));
      }
      int[] chosen = chosen(targets, n);
      Map<Integer, byte[]> records = new HashMap<>();
      keep(stream, record, chosen, records, file);
      byte[] all = labels(targets.labels(), n);
      int[] labels =
          all.length == 0 ? new int[0] : Arrays.stream(chosen).map(i -> all[i] & 0xFF).toArray();
      IntFunction<String> label = i -> all.length == 0 ? "" : "_" + (all[i] & 0xFF);
      List<byte[]> pixels = new ArrayList<>();
      for (int i : chosen) {
        pixels.add(required(records, i));
      }
      return new TargetFiles(
          Arrays.stream(chosen).mapToObj(i -> "%05d%s".formatted(i, label.apply(i))).toList(),
          labels,
          bytes(file, new ImageSpec(1, rows, columns, 0, 1), pixels));
    }
  }

  /** Of each of n images, or none without a file. */
  private static byte[] labels(Optional<Path> file, int n) throws IOException {
    if (file.isEmpty()) {
      return new byte[0];
    }
    try (DataInputStream stream = open(file.get())) {
      int count = header(stream, file.get(), IDX_LABELS, "labels");
      byte[] labels = stream.readNBytes(n);
      if (count != n || labels.length != n) {
        throw new IOException(
            "%s: expected a label of each of %d images, got %d"
                .formatted(file.get(), n, Math.min(count, labels.length)));
      }
      return labels;
    }
  }

  static DataInputStream open(Path file) throws IOException {
    InputStream stream = new BufferedInputStream(Files.newInputStream(file));
    try {
      stream.mark(2);
      boolean zipped = stream.read() == 0x1F && stream.read() == 0x8B;
      stream.reset();
      return new DataInputStream(zipped ? new GZIPInputStream(stream, 1 << 16) : stream);
    } catch (IOException e) {
      stream.close();
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static int header(DataInputStream stream, Path file, int magic, String what)
      throws IOException {
    byte[] header = stream.readNBytes(2 * Integer.BYTES);
    DataInputStream numbers = new DataInputStream(new ByteArrayInputStream(header));
    if (header.length < 2 * Integer.BYTES || numbers.readInt() != magic) {
      throw new IOException(
          "%s: expected IDX %s of one byte each, which start with %08x"
              .formatted(file, what, magic));
    }
    int n = numbers.readInt();
    if (n < 1) {
      throw new IOException("%s: it holds %d %s".formatted(file, n, what));
    }
    return n;
  }

  /** Reads on to the last record chosen, and keeps those chosen. */
  private static void keep(
      InputStream stream, int record, int[] chosen, Map<Integer, byte[]> kept, Path file)
      throws IOException {
    int[] ascending = Arrays.stream(chosen).sorted().toArray();
    long at = 0;
    for (int i : ascending) {
      stream.skipNBytes((i - at) * record);
      byte[] bytes = stream.readNBytes(record);
      if (bytes.length < record) {
        throw new IOException("%s: cut short in image %d".formatted(file, i));
      }
      kept.put(i, bytes);
      at = i + 1L;
    }
  }

  private static byte[] required(Map<Integer, byte[]> records, int i) {
    byte[] record = records.get(i);
    if (record == null) {
      throw new AssertionError("image %d was chosen and not read".formatted(i));
    }
    return record;
  }

  private static Reader bytes(Path file, ImageSpec stored, List<byte[]> pixels) {
    return (from, to, spec) -> {
      if (!spec.equals(stored)) {
        throw new IllegalArgumentException(
            "%s holds images of %d x %d x %d, the network takes %d x %d x %d"
                .formatted(
                    file,
                    stored.channels(),
                    stored.height(),
                    stored.width(),
                    spec.channels(),
                    spec.height(),
                    spec.width()));
      }
      int size = pixels.get(from).length;
      float[] values = new float[(to - from) * size];
      for (int i = from; i < to; i++) {
        for (int k = 0; k < size; k++) {
          values[(i - from) * size + k] = (pixels.get(i)[k] & 0xFF) / 255f;
        }
      }
      return Nd4j.createFromArray(values).reshape(spec.shape(to - from));
    };
  }

  /** Which of n images, in order. */
  private static int[] chosen(Targets targets, int n) {
    int count = targets.count().orElse(n);
    if (count > n) {
      throw new IllegalArgumentException(
          "%s: expected a count of at most its %d images, got %d"
              .formatted(targets.path(), n, count));
    }
    int[] order = IntStream.range(0, n).toArray();
    if (targets.shuffle().isPresent()) {
      // java.util.Random is specified to the bit.
      Random random = new Random(targets.shuffle().get());
      for (int i = 0; i < count; i++) {
        int j = i + random.nextInt(n - i);
        int drawn = order[j];
        order[j] = order[i];
        order[i] = drawn;
      }
    }
    return Arrays.copyOf(order, count);
  }

  private static String withoutEnding(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.substring(0, name.lastIndexOf('.'));
  }
}
