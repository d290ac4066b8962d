package io.metamer.weights;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Weights alone: tensors by name, in the order of the file they were read from.
 *
 * <p>Read are safetensors; what {@code torch.save} wrote, in the zip format and in the older one;
 * and NumPy's {@code .npz} and {@code .npy}. The kind is seen from the content, not from the
 * ending. Pickles are read by a table of tensors and containers; what else they name is refused,
 * and nothing is executed. A file that says it holds more than it does is refused before memory is
 * asked for: the arrays take at most 3 times its size (100 times and 16 MB for a compressed {@code
 * .npz}).
 *
 * <p>Containers in containers become one, with dots: the tensors of {@code {"epoch": 3,
 * "state_dict": {"conv1.weight": ...}}} are called {@code state_dict.conv1.weight} and so on, and
 * {@link #under under("state_dict.")} gives them their own names. Items of lists have their number
 * as a name. What is no tensor is left out. The one tensor of a file of one is called like the
 * file.
 *
 * <p>16-bit floating point numbers become 32-bit ones, unsigned integers of 16 and 32 bits signed
 * ones that hold them; all others keep their type. Views become arrays in row order. Tensors that
 * are the same numbers of the file are the same array.
 *
 * <p>A published trunk is rebuilt from its tensors and the nodes of {@code io.metamer.network}:
 *
 * <pre>{@code
 * StateDict weights = StateDict.load(Path.of("alexnet-owt-7be5be79.pth")).under("features.");
 * Graph trunk =
 *     new Graph(
 *         List.of(
 *             new Node.Input("x", new long[] {3, 224, 224}),
 *             new Node.Convolution(
 *                 "conv1",
 *                 "x",
 *                 weights.tensor("0.weight", 64, 3, 11, 11),
 *                 weights.tensor("0.bias", 64),
 *                 new int[] {4, 4},
 *                 new int[] {2, 2, 2, 2},
 *                 new int[] {1, 1},
 *                 1),
 *             new Node.Activation("relu1", "conv1", Node.Activation.Function.RELU)),
 *         List.of("relu1"));
 * }</pre>
 *
 * @since 0.1
 */
public final class StateDict {

  /** How many near names the message about an unknown tensor lists. */
  private static final int NEAR_NAMES = 5;

  private final String file;
  private final String sha256;
  private final Map<String, INDArray> tensors;

  private StateDict(String file, String sha256, Map<String, INDArray> tensors) {
    this.file = file;
    this.sha256 = sha256;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Reads a file.
   *
   * @param file of any of the kinds
   * @return its tensors
   * @throws IOException if the file is missing, damaged, of another kind, or holds what is neither
   *     tensors nor containers of them; the message names the file and what was found
   */
  public static StateDict load(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("%s is a folder; %s".formatted(file, TensorFile.FORMATS));
    }
    // Weights outlive whatever workspace the caller has open.
    try (MemoryWorkspace ignored = Nd4j.getWorkspaceManager().scopeOutOfWorkspaces()) {
      return new StateDict(file.toString(), digest(file), TensorFile.read(file));
    }
  }

  /**
   * The names.
   *
   * @return in the order of the file
   */
  public List<String> names() {
    return List.copyOf(tensors.keySet());
  }

  /**
   * How many tensors there are.
   *
   * @return 0 or more
   */
  public int size() {
    return tensors.size();
  }

  /**
   * Whether there is a tensor of a name.
   *
   * @param name the whole name
   * @return whether {@link #tensor(String)} knows it
   */
  public boolean contains(String name) {
    return tensors.containsKey(name);
  }

  /**
   * The shape of a tensor.
   *
   * @param name the whole name
   * @return sizes of the axes, none of a single number
   * @throws IllegalArgumentException if there is none of this name; the message lists near names
   */
  public long[] shape(String name) {
    return tensor(name).shape().clone();
  }

  /**
   * A tensor.
   *
   * @param name the whole name
   * @return in row order; shared with whoever asks, so not to be changed
   * @throws IllegalArgumentException if there is none of this name; the message lists near names
   */
  public INDArray tensor(String name) {
    INDArray tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "%s has no tensor \"%s\"; near names: %s"
              .formatted(file, name, String.join(", ", near(name))));
    }
    return tensor;
  }

  /**
   * A tensor of a known shape.
   *
   * @param name the whole name
   * @param shape what it has to be
   * @return as {@link #tensor(String)}
   * @throws IllegalArgumentException if there is none of this name, or it is of another shape
   */
  public INDArray tensor(String name, long... shape) {
    INDArray tensor = tensor(name);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new IllegalArgumentException(
          "%s: expected tensor %s of shape %s, got %s"
              .formatted(file, name, Arrays.toString(shape), Arrays.toString(tensor.shape())));
    }
    return tensor;
  }

  /**
   * The tensor of a file that has one, such as an array of NumPy's.
   *
   * @return as {@link #tensor(String)}
   * @throws IllegalArgumentException if there are none or several
   */
  public INDArray only() {
    if (tensors.size() != 1) {
      throw new IllegalArgumentException(
          tensors.isEmpty()
              ? "expected one tensor in %s, got none; arrays of text do not count".formatted(file)
              : "expected one tensor in %s, got %d: %s"
                  .formatted(
                      file,
                      tensors.size(),
                      String.join(", ", names().stream().limit(NEAR_NAMES).toList())));
    }
    return tensors.values().iterator().next();
  }

  /**
   * The tensors whose names begin in the same way, without that beginning.
   *
   * @param prefix such as {@code "state_dict."} or {@code "module."}, to its last letter
   * @return the tensors, none if no name begins so
   */
  public StateDict under(String prefix) {
    Map<String, INDArray> below = new LinkedHashMap<>();
    tensors.forEach(
        (name, tensor) -> {
          if (name.startsWith(prefix)) {
            below.put(name.substring(prefix.length()), tensor);
          }
        });
    return new StateDict(file, sha256, below);
  }

  /**
   * Identifies the file.
   *
   * @return the SHA-256 of all its bytes, 64 hexadecimal digits
   */
  public String sha256() {
    return sha256;
  }

  @Override
  public String toString() {
    return "%s: %d tensors".formatted(file, tensors.size());
  }

  /** Names that end like the one asked for come first: a prefix is what is forgotten most. */
  private List<String> near(String name) {
    String asked = name.toLowerCase(Locale.ROOT);
    Comparator<String> order = Comparator.comparingInt(known -> -sharedEnd(known, asked));
    return names().stream()
        .sorted(order.thenComparing(Comparator.naturalOrder()))
        .limit(NEAR_NAMES)
        .toList();
  }

  private static int sharedEnd(String name, String asked) {
    String known = name.toLowerCase(Locale.ROOT);
    int n = 0;
    while (n < Math.min(known.length(), asked.length())
        && known.charAt(known.length() - 1 - n) == asked.charAt(asked.length() - 1 - n)) {
      n++;
    }
    return n;
  }

  private static String digest(Path file) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    byte[] bytes = new byte[1 << 16];
    try (InputStream stream = Files.newInputStream(file)) {
      for (int n = stream.read(bytes); n >= 0; n = stream.read(bytes)) {
        digest.update(bytes, 0, n);
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
