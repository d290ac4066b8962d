package io.metamer.weights;

import static java.util.Map.entry;

import io.metamer.weights.Unpickler.Pairs;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The classes and functions that pickles of tensors name, as a table. What is not in it is refused
 * by name. Nothing here is Python's: each entry says which tensor or container it stands for.
 */
final class TorchObjects implements Unpickler.Objects {

  private static final String REBUILT = "torch._utils.";

  /** What a function of the table makes of its arguments. */
  @FunctionalInterface
  private interface Function {
    @Nullable Object call(TorchObjects objects, @Nullable Object[] arguments) throws IOException;
  }

  /** A class of storages, or the type of the numbers in them. */
  private record Kind(ElementType type) {}

  /** Where the storages of a file are. */
  @FunctionalInterface
  interface Storages {

    /**
     * Finds a storage.
     *
     * @param key its name
     * @param length how many numbers the pickle says it has
     * @throws IOException if the file has no such storage, or a shorter one
     */
    Storage.Bytes find(String key, ElementType type, long length) throws IOException;
  }

  private static final Map<String, Object> TABLE = table();

  private final Storages storages;
  private final ByteOrder order;
  private final Map<String, Storage> found = new HashMap<>();

  TorchObjects(Storages storages, ByteOrder order) {
    this.storages = storages;
    this.order = order;
  }

  private static Map<String, Object> table() {
    Function ignored = (objects, arguments) -> Unpickler.NO_TENSOR;
    Map<String, Object> table =
        new HashMap<>(
            Map.<String, Object>ofEntries(
                entry(REBUILT + "_rebuild_tensor", (Function) TorchObjects::tensor),
                entry(REBUILT + "_rebuild_tensor_v2", (Function) TorchObjects::tensor),
                entry(REBUILT + "_rebuild_tensor_v3", (Function) TorchObjects::typedTensor),
                entry(REBUILT + "_rebuild_parameter", (Function) TorchObjects::first),
                entry(REBUILT + "_rebuild_parameter_with_state", (Function) TorchObjects::first),
                entry("torch._tensor._rebuild_from_type_v2", (Function) TorchObjects::ofType),
                entry("torch.Tensor", ignored),
                entry("torch.nn.parameter.Parameter", (Function) TorchObjects::first),
                entry("torch.nn.parameter.Buffer", (Function) TorchObjects::first),
                entry("torch.Size", (Function) TorchObjects::first),
                entry("torch.device", ignored),
                entry("torch.storage.UntypedStorage", new Kind(ElementType.UINT8)),
                entry("torch.UntypedStorage", new Kind(ElementType.UINT8)),
                entry("collections.OrderedDict", (Function) TorchObjects::dictionary),
                entry("collections.defaultdict", (Function) (objects, arguments) -> new Pairs()),
                entry("collections.Counter", ignored),
                entry("argparse.Namespace", ignored),
                entry("pathlib.PosixPath", ignored),
                entry("pathlib.WindowsPath", ignored),
                entry("_codecs.encode", (Function) TorchObjects::encoded),
                entry("numpy.dtype", (Function) TorchObjects::dtype),
                entry("numpy.ndarray", ignored)));
    for (String builtins : List.of("builtins.", "__builtin__.")) {
      for (String name : List.of("set", "frozenset", "list", "dict", "int", "float", "complex")) {
        table.put(builtins + name, ignored);
      }
    }
    for (String numpy : List.of("numpy.core.", "numpy._core.")) {
      table.put(numpy + "multiarray.scalar", ignored);
      table.put(
          numpy + "multiarray._reconstruct", (Function) (objects, arguments) -> new EmptyArray());
      table.put(numpy + "numeric._frombuffer", (Function) TorchObjects::arrayOfBuffer);
    }
    for (ElementType type : ElementType.values()) {
      if (type.storage != null) {
        table.put("torch." + type.storage, new Kind(type));
      }
      table.put("torch." + type.word(), new Kind(type));
    }
    return table;
  }

  /** An array of NumPy's before it is given its numbers. */
  private static final class EmptyArray {}

  @Override
  public Object global(String module, String name) throws IOException {
    Object known = TABLE.get(module + "." + name);
    if (known == null) {
      throw refused(module + "." + name);
    }
    return known;
  }

  @Override
  public @Nullable Object call(@Nullable Object function, @Nullable Object[] arguments)
      throws IOException {
    if (!(function instanceof Function known)) {
      throw Unpickler.damaged("a call of what is no function");
    }
    return known.call(this, arguments);
  }

  @Override
  public @Nullable Object build(@Nullable Object object, @Nullable Object state)
      throws IOException {
    if (object instanceof EmptyArray) {
      return array(state);
    }
    if (object instanceof Kind
        && state instanceof Object[] parts
        && parts.length > 1
        && ">".equals(parts[1])) {
      throw refused("big-endian array of NumPy's");
    }
    if (object instanceof Kind || object instanceof Pairs || object instanceof View) {
      return object; // A byte order, or attributes beside the entries or the numbers.
    }
    if (object == Unpickler.NO_TENSOR) {
      return object;
    }
    throw Unpickler.damaged("a state for what has none");
  }

  @Override
  public Object persistent(@Nullable Object id) throws IOException {
    if (id instanceof Object[] parts && parts.length >= 1 && "module".equals(parts[0])) {
      throw refused("torch.nn.Module");
    }
    if (!(id instanceof Object[] parts
        && parts.length >= 5
        && "storage".equals(parts[0])
        && parts[1] instanceof Kind kind
        && parts[2] instanceof String key)) {
      throw Unpickler.damaged("a reference to what is no storage");
    }
    long length = whole(parts[4]);
    // Old files have views of storages, too: (key, offset, size).
    @Nullable Object[] part = parts.length > 5 && parts[5] instanceof Object[] v ? v : null;
    Storage storage = found.get(key);
    if (storage == null) {
      storage = new Storage(kind.type, order, length, storages.find(key, kind.type, length));
      found.put(key, storage);
    }
    if (storage.type() != kind.type || storage.length() != length) {
      throw Unpickler.damaged("two descriptions of storage " + key);
    }
    if (part == null) {
      return storage;
    }
    if (part.length != 3) {
      throw Unpickler.damaged("a part of a storage without its place");
    }
    long start = whole(part[1]);
    long size = whole(part[2]);
    if (start < 0 || size < 0 || start > length || size > length - start) {
      throw Unpickler.damaged("a part that is not in its storage");
    }
    return storage.part(start, size);
  }

  static IOException refused(String what) {
    return new IOException(
        ("it holds a %s; supported are tensors (%s) in dictionaries, lists and tuples. Of a whole"
                + " model, save the tensors: torch.save(model.state_dict(), file)")
            .formatted(what, ElementType.SUPPORTED));
  }

  // What the functions stand for.

  private static Object tensor(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    if (arguments.length < 4 || !(arguments[0] instanceof Storage storage)) {
      throw Unpickler.damaged("a tensor without a storage");
    }
    return new View(storage, whole(arguments[1]), all(arguments[2]), all(arguments[3]));
  }

  private static Object typedTensor(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    if (arguments.length < 7
        || !(arguments[0] instanceof Storage storage && arguments[6] instanceof Kind kind)) {
      throw Unpickler.damaged("a tensor without a storage or a type");
    }
    @Nullable Object[] typed = arguments.clone();
    typed[0] = storage.as(kind.type);
    return tensor(objects, typed);
  }

  /** A parameter is its tensor, a size its numbers. */
  private static @Nullable Object first(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    return at(arguments, 0);
  }

  /** A tensor of a class of its own: the function that makes it, the class, its arguments. */
  private static @Nullable Object ofType(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    if (!(at(arguments, 2) instanceof Object[] inner)) {
      throw Unpickler.damaged("a tensor without arguments");
    }
    return objects.call(at(arguments, 0), inner);
  }

  private static Object dictionary(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    Pairs pairs = new Pairs();
    if (arguments.length > 0 && arguments[0] instanceof List<?> items) {
      for (Object item : items) {
        @Nullable Object[] pair =
            item instanceof List<?> list
                ? list.toArray()
                : item instanceof Object[] tuple ? tuple : new Object[0];
        pairs.put(at(pair, 0), at(pair, 1));
      }
    }
    return pairs;
  }

  /** Bytes, which protocol 2 has as text of as many letters. */
  private static Object encoded(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    if (!(at(arguments, 0) instanceof String text)) {
      throw Unpickler.damaged("bytes without text");
    }
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static Object dtype(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    String name = at(arguments, 0) instanceof String text ? text : "";
    Optional<ElementType> type = name.startsWith("O") ? Optional.empty() : Npy.type("|" + name);
    return type.isEmpty() ? Unpickler.NO_TENSOR : new Kind(type.get());
  }

  /** NumPy's state of an array: version, shape, type, whether in column order, bytes. */
  private static Object array(@Nullable Object state) throws IOException {
    if (!(state instanceof Object[] parts) || parts.length != 5) {
      throw Unpickler.damaged("an array without its state");
    }
    return array(parts[4], parts[2], parts[1], Boolean.TRUE.equals(parts[3]));
  }

  /** An array as protocol 5 has it: bytes, type, shape, order. */
  private static Object arrayOfBuffer(TorchObjects objects, @Nullable Object[] arguments)
      throws IOException {
    return array(
        at(arguments, 0), at(arguments, 1), at(arguments, 2), "F".equals(at(arguments, 3)));
  }

  private static Object array(
      @Nullable Object numbers, @Nullable Object type, @Nullable Object shape, boolean byColumns)
      throws IOException {
    if (!(type instanceof Kind kind) || !(numbers instanceof byte[] bytes)) {
      return Unpickler.NO_TENSOR; // Of text or objects.
    }
    Storage storage =
        new Storage(
            kind.type,
            ByteOrder.LITTLE_ENDIAN,
            bytes.length / kind.type.bytes,
            at -> new ByteArrayInputStream(bytes, (int) at, bytes.length - (int) at));
    List<Long> sizes = all(shape);
    return byColumns ? View.inColumnOrder(storage, sizes) : View.inRowOrder(storage, sizes);
  }

  private static @Nullable Object at(@Nullable Object[] arguments, int i) throws IOException {
    if (i >= arguments.length) {
      throw Unpickler.damaged("a call with too few arguments");
    }
    return arguments[i];
  }

  private static long whole(@Nullable Object number) throws IOException {
    if (!(number instanceof Long whole)) {
      throw Unpickler.damaged("a size that is no whole number");
    }
    return whole;
  }

  private static List<Long> all(@Nullable Object numbers) throws IOException {
    if (numbers instanceof List<?> list) {
      return all(list.toArray());
    }
    if (!(numbers instanceof Object[] tuple) || tuple.length > 64) {
      throw Unpickler.damaged("a shape that is no tuple");
    }
    List<Long> all = new ArrayList<>();
    for (Object number : tuple) {
      all.add(whole(number));
    }
    return List.copyOf(all);
  }
}
