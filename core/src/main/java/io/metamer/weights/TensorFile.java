package io.metamer.weights;

import io.metamer.weights.Unpickler.Pairs;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Recognises what kind of file it is and reads its tensors, within bounds: what its bytes say is
 * checked against how many there are before memory is asked for.
 */
final class TensorFile {

  static final int MAX_TENSORS = 100_000;

  /**
   * How many times the size of the file its arrays may take: twice where 16 bits become 32, more
   * where tensors share their numbers.
   */
  private static final int MAX_GROWTH = 3;

  /** Likewise for compressed files. */
  private static final int MAX_INFLATION = 100;

  /** What a compressed file may take however small it is: an array of zeros hardly has a size. */
  private static final long SMALL = 1L << 24;

  /** How deep containers of containers go. */
  private static final int MAX_DEPTH = 64;

  /** How many items of containers are looked at; a container that occurs twice counts twice. */
  private static final int MAX_VISITS = 2 * Unpickler.MAX_INSTRUCTIONS;

  private static final int MAX_NAME = 4096;

  static final String FORMATS = "expected safetensors, a file of torch.save, .npz or .npy";

  /** What to call the tensor of a file of one. */
  private final String single;

  private final Map<String, View> views = new LinkedHashMap<>();
  private final Deque<String> path = new ArrayDeque<>();
  private final Set<Object> containers = Collections.newSetFromMap(new IdentityHashMap<>());
  private int visits;

  private TensorFile(String single) {
    this.single = single;
  }

  /**
   * All tensors of a file, in its order.
   *
   * @throws IOException with the file's name
   */
  static Map<String, INDArray> read(Path path) throws IOException {
    TensorFile file = new TensorFile(nameOf(path));
    try (FileChannel channel = FileChannel.open(path)) {
      byte[] head = new FileBytes(channel, 0).readNBytes(16);
      if (startsWith(head, 'P', 'K', 3, 4) || startsWith(head, 'P', 'K', 5, 6)) {
        try (ZipFile zip = new ZipFile(path.toFile())) {
          return file.zip(zip, channel.size());
        }
      }
      return file.plain(channel, head);
    } catch (FileSystemException e) {
      throw e; // Names the file itself.
    } catch (ZipException e) {
      throw new IOException(
          "%s is a zip that is cut short or damaged: %s".formatted(path, e.getMessage()), e);
    } catch (IOException e) {
      throw new IOException("%s: %s".formatted(path, e.getMessage()), e);
    }
  }

  private Map<String, INDArray> zip(ZipFile zip, long size) throws IOException {
    ZipEntry pickle = TorchFile.pickle(zip);
    if (pickle != null) {
      flatten(TorchFile.zip(zip, pickle));
      return arrays(MAX_GROWTH * size);
    }
    for (ZipEntry entry : Collections.list(zip.entries())) {
      String name = entry.getName();
      if (!name.endsWith(".npy")) {
        throw new IOException("it is a zip file that holds %s; %s".formatted(name, FORMATS));
      }
      String array = name.substring(0, name.length() - ".npy".length());
      Storage.Bytes bytes =
          position -> {
            InputStream stream = zip.getInputStream(entry);
            stream.skipNBytes(position);
            return stream;
          };
      npy(array, bytes, entry.getSize());
    }
    return arrays(MAX_INFLATION * size + SMALL);
  }

  private Map<String, INDArray> plain(FileChannel channel, byte[] head) throws IOException {
    long size = channel.size();
    if (Npy.startsWith(head)) {
      npy(single, at -> new FileBytes(channel, at), size);
    } else if (Safetensors.startsWith(head, size)) {
      Safetensors.read(channel, head).forEach(views::put);
    } else if (startsWith(head, 0x80, 2)
        || startsWith(head, 0x80, 3)
        || startsWith(head, 0x80, 4)
        || startsWith(head, 0x80, 5)) {
      flatten(TorchFile.legacy(channel));
    } else if (startsWith(head, 0x89, 'H', 'D', 'F')) {
      throw new IOException("it is an HDF5 file; " + FORMATS);
    } else {
      throw new IOException("it is of no kind that is known; " + FORMATS);
    }
    return arrays(MAX_GROWTH * size);
  }

  private static boolean startsWith(byte[] head, int... bytes) {
    for (int i = 0; i < bytes.length; i++) {
      if (head.length <= i || Byte.toUnsignedInt(head[i]) != bytes[i]) {
        return false;
      }
    }
    return true;
  }

  private static String nameOf(Path file) {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return dot > 0 ? name.substring(0, dot) : name;
  }

  private void npy(String name, Storage.Bytes bytes, long size) throws IOException {
    Optional<View> view;
    try {
      view = Npy.read(bytes, size);
    } catch (IOException e) {
      throw of(name, e);
    }
    if (view.isPresent()) {
      put(name, view.get());
    }
  }

  // Names.

  private void flatten(@Nullable Object saved) throws IOException {
    if (saved instanceof View view) {
      put(single, view);
    } else {
      visit(saved);
    }
  }

  /** Finds the tensors of containers in containers; recursion is no deeper than they may be. */
  private void visit(@Nullable Object value) throws IOException {
    if (++visits > MAX_VISITS) {
      throw new IOException("its containers hold each other over and over");
    }
    if (value instanceof View view) {
      String name = String.join(".", path);
      if (name.length() > MAX_NAME) {
        throw new IOException("the name of a tensor has %d letters".formatted(name.length()));
      }
      put(name, view);
    } else if (value instanceof Pairs pairs) {
      enter(pairs);
      for (int i = 0; i < pairs.size(); i++) {
        item(String.valueOf(pairs.key(i)), pairs.value(i));
      }
      containers.remove(pairs);
    } else if (value instanceof List<?> || value instanceof Object[]) {
      List<?> items = value instanceof List<?> list ? list : Arrays.asList((Object[]) value);
      enter(value);
      for (int i = 0; i < items.size(); i++) {
        item(Integer.toString(i), items.get(i));
      }
      containers.remove(value);
    }
  }

  private void enter(Object container) throws IOException {
    if (!containers.add(container)) {
      throw new IOException("a container in it holds itself");
    }
    if (containers.size() > MAX_DEPTH) {
      throw new IOException("its containers are more than %d deep".formatted(MAX_DEPTH));
    }
  }

  private void item(String key, @Nullable Object value) throws IOException {
    path.addLast(key);
    visit(value);
    path.removeLast();
  }

  private void put(String name, View view) throws IOException {
    checkCount(views.size() + 1);
    if (views.put(name, view) != null) {
      throw new IOException("it has two tensors " + name);
    }
  }

  static void checkCount(int tensors) throws IOException {
    if (tensors > MAX_TENSORS) {
      throw new IOException("it has more than %d tensors".formatted(MAX_TENSORS));
    }
  }

  // Numbers.

  /** Reads each tensor, once where several names stand for the same one. */
  private Map<String, INDArray> arrays(long most) throws IOException {
    long total = 0;
    Set<View> distinct = new HashSet<>();
    for (Map.Entry<String, View> entry : views.entrySet()) {
      View view = entry.getValue();
      try {
        view.check();
      } catch (IOException e) {
        throw of(entry.getKey(), e);
      }
      if (distinct.add(view)) {
        long bytes = view.length() > most ? most + 1 : view.length() * view.width();
        total += bytes;
        if (total > most) {
          throw new IOException(
              "tensor %s: with those before it takes more than the %d bytes that a file of this size may"
                  .formatted(entry.getKey(), most));
        }
      }
    }
    Map<View, INDArray> read = new HashMap<>();
    Map<String, INDArray> arrays = new LinkedHashMap<>();
    for (Map.Entry<String, View> entry : views.entrySet()) {
      View view = entry.getValue();
      INDArray array = read.get(view);
      if (array == null) {
        try {
          array = view.read();
        } catch (IOException e) {
          throw of(entry.getKey(), e);
        }
        read.put(view, array);
      }
      arrays.put(entry.getKey(), array);
    }
    return arrays;
  }

  private static IOException of(String tensor, IOException e) {
    return new IOException("tensor %s: %s".formatted(tensor, e.getMessage()), e);
  }
}
