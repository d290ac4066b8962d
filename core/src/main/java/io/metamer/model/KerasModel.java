package io.metamer.model;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A model of Keras, Sequential or Functional, read and checked but not translated.
 *
 * @param inputs what it is given
 * @param shapes of the inputs, of one example in Keras' order of axes, -1 for a free size; none
 *     where the file does not say
 * @param calls each after those whose outputs it reads
 * @param outputs what it gives
 */
record KerasModel(
    List<Ref> inputs, List<long @Nullable []> shapes, List<Call> calls, List<Ref> outputs) {

  /**
   * The output of a layer.
   *
   * @param layer its name
   * @param call which of its calls, 0 unless it is used more than once
   * @param index which of its outputs
   */
  record Ref(String layer, int call, int index) {}

  /**
   * One use of a layer. Arguments are {@link Ref}s, constants as {@link JsonNode}s, and lists of
   * both.
   */
  record Call(
      KerasLayer layer,
      String name,
      int call,
      List<Object> arguments,
      Map<String, Object> options) {

    List<Ref> reads() {
      List<Ref> refs = new ArrayList<>();
      collect(arguments, refs);
      collect(new ArrayList<>(options.values()), refs);
      return refs;
    }
  }

  private static final Set<String> SEQUENTIAL = Set.of("Sequential");
  private static final Set<String> FUNCTIONAL = Set.of("Functional", "Model");
  private static final String TENSOR = "__keras_tensor__";
  private static final String CONSTANT = "_CONSTANT_VALUE";

  static boolean isModel(String kind) {
    return SEQUENTIAL.contains(kind) || FUNCTIONAL.contains(kind);
  }

  static KerasModel read(KerasFile file) throws IOException {
    String kind = file.model().path("class_name").asText();
    if (!isModel(kind)) {
      throw new UnsupportedModelException(
          "network %s is a model of class %s; supported are Sequential and Functional"
              .formatted(file.network(), kind.isEmpty() ? "(none)" : kind));
    }
    return new Reader(file).model(kind, file.model().path("config"), List.of(), "");
  }

  private static void collect(Object argument, List<Ref> refs) {
    if (argument instanceof Ref ref) {
      refs.add(ref);
    } else if (argument instanceof List<?> list) {
      list.forEach(element -> collect(element, refs));
    }
  }

  /** Reads the model of a file and those inside of it. */
  private record Reader(KerasFile file) {

    /**
     * Reads a model.
     *
     * @param names those of the models around it and its own, but not the outermost one's
     * @param folder where a {@code .keras} file has it
     */
    KerasModel model(String kind, JsonNode config, List<String> names, String folder)
        throws IOException {
      // Keras before 2.2.3 wrote the layers of a Sequential as its whole description.
      JsonNode entries = config.isArray() ? config : config.path("layers");
      Map<String, KerasLayer> layers = new LinkedHashMap<>();
      Map<String, JsonNode> described = new HashMap<>();
      Map<String, Integer> kinds = new HashMap<>();
      for (JsonNode entry : entries) {
        String name = name(entry);
        if (name.isEmpty() || layers.containsKey(name)) {
          throw broken(names, "has no name for a layer, or two layers of the name '" + name + "'");
        }
        layers.put(name, layer(entry, name, names, folder, kinds));
        described.put(name, entry);
      }
      return SEQUENTIAL.contains(kind)
          ? sequential(layers)
          : functional(config, layers, described, names);
    }

    private static String name(JsonNode entry) {
      return entry.hasNonNull("name")
          ? entry.get("name").asText()
          : entry.path("config").path("name").asText();
    }

    private IOException broken(List<String> names, String what) {
      return new IOException(
          "the description of network %s%s %s"
              .formatted(
                  file.network(),
                  names.isEmpty() ? "" : ", model " + String.join("/", names) + ",",
                  what));
    }

    private KerasLayer layer(
        JsonNode entry, String name, List<String> names, String folder, Map<String, Integer> kinds)
        throws IOException {
      String kind = entry.path("class_name").asText();
      JsonNode config = entry.path("config");
      List<String> path = new ArrayList<>(names);
      path.add(name);
      boolean operation = isOperation(entry, kind, config);
      String place = "";
      if (!operation) {
        String snake = snakeCase(kind);
        int before = kinds.merge(snake, 1, Integer::sum) - 1;
        place =
            (folder.isEmpty() ? "" : folder + '/')
                + "layers/"
                + (before == 0 ? snake : snake + '_' + before);
      }
      KerasModel model = isModel(kind) ? model(kind, config, path, place) : null;
      List<String> wanted =
          operation ? List.of() : KerasLayers.weights(kind, config, file.version());
      Map<String, INDArray> weights =
          wanted.isEmpty() ? Map.of() : file.weights().of(path, place, wanted);
      return new KerasLayer(
          file.network(),
          file.version(),
          String.join("/", path),
          kind,
          operation,
          config,
          weights,
          model);
    }

    /** Operations of Keras 3 have the names of layers, but not what all layers have. */
    private boolean isOperation(JsonNode entry, String kind, JsonNode config) {
      return entry.path("module").asText().contains(".ops.")
          || (file.version() == 3
              && !entry.has("module")
              && !kind.equals("InputLayer")
              && !isModel(kind)
              && !config.has("dtype"));
    }

    private static String snakeCase(String kind) {
      return kind.replaceAll("(.)([A-Z][a-z]+)", "$1_$2")
          .replaceAll("([a-z])([A-Z])", "$1_$2")
          .toLowerCase(Locale.ROOT);
    }

    // Sequential.

    private static KerasModel sequential(Map<String, KerasLayer> layers) {
      List<Call> calls = new ArrayList<>();
      Ref input = null;
      long[] shape = null;
      Ref last = null;
      for (Map.Entry<String, KerasLayer> entry : layers.entrySet()) {
        KerasLayer layer = entry.getValue();
        if (input == null) {
          boolean own = layer.kind().equals("InputLayer");
          input = new Ref(own ? entry.getKey() : entry.getKey() + "_input", 0, 0);
          shape = shape(layer.config());
          if (shape == null && layer.model() != null && layer.model().shapes().size() == 1) {
            shape = layer.model().shapes().get(0);
          }
          last = input;
          if (own) {
            continue;
          }
        }
        calls.add(new Call(layer, entry.getKey(), 0, List.of(last), Map.of()));
        last = new Ref(entry.getKey(), 0, 0);
      }
      Ref first = input == null ? new Ref("input", 0, 0) : input;
      List<long @Nullable []> shapes = new ArrayList<>();
      shapes.add(shape);
      return new KerasModel(List.of(first), shapes, calls, List.of(last == null ? first : last));
    }

    // Functional.

    private KerasModel functional(
        JsonNode config,
        Map<String, KerasLayer> layers,
        Map<String, JsonNode> described,
        List<String> names)
        throws IOException {
      List<Call> calls = new ArrayList<>();
      for (Map.Entry<String, KerasLayer> entry : layers.entrySet()) {
        JsonNode uses = Objects.requireNonNull(described.get(entry.getKey())).path("inbound_nodes");
        for (int i = 0; i < uses.size(); i++) {
          calls.add(call(entry.getValue(), entry.getKey(), i, uses.get(i), names));
        }
      }
      List<Ref> inputs = ends(config.path("input_layers"), names);
      List<Ref> outputs = ends(config.path("output_layers"), names);
      Map<String, Integer> offsets = offsets(calls, outputs);
      List<long @Nullable []> shapes = new ArrayList<>();
      for (Ref input : inputs) {
        KerasLayer layer = layers.get(input.layer());
        if (layer == null) {
          throw broken(names, "has no input layer " + input.layer());
        }
        shapes.add(shape(layer.config()));
      }
      List<Call> shifted = calls.stream().map(c -> shifted(c, offsets)).toList();
      return new KerasModel(
          inputs,
          shapes,
          ordered(shifted, inputs, names),
          outputs.stream().map(ref -> shifted(ref, offsets)).toList());
    }

    /** A list of outputs, one output, or outputs by names. */
    private List<Ref> ends(JsonNode node, List<String> names) throws IOException {
      List<Ref> refs = new ArrayList<>();
      if (isRef(node)) {
        refs.add(ref(node));
      } else {
        for (JsonNode element : node) {
          refs.addAll(ends(element, names));
        }
      }
      if (refs.isEmpty()) {
        throw broken(names, "names no inputs or no outputs");
      }
      return refs;
    }

    private static boolean isRef(JsonNode node) {
      return node.isArray()
          && node.size() >= 3
          && node.get(0).isTextual()
          && node.get(1).isInt()
          && node.get(2).isInt();
    }

    private static Ref ref(JsonNode node) {
      return new Ref(node.get(0).asText(), node.get(1).asInt(), node.get(2).asInt());
    }

    private Call call(KerasLayer layer, String name, int index, JsonNode use, List<String> names)
        throws IOException {
      List<Object> arguments = new ArrayList<>();
      Map<String, Object> options = new LinkedHashMap<>();
      if (use.isObject()) {
        use.path("args").forEach(argument -> arguments.add(argument(argument)));
        use.path("kwargs")
            .properties()
            .forEach(e -> options.put(e.getKey(), argument(e.getValue())));
      } else if (use.isArray() && !use.isEmpty()) {
        boolean one = use.get(0).isTextual();
        List<Object> tensors = new ArrayList<>();
        for (JsonNode part : one ? List.of(use) : use) {
          boolean constant = part.path(0).asText().equals(CONSTANT);
          if (!constant && !isRef(part)) {
            throw broken(names, "does not say what layer %s reads".formatted(name));
          }
          tensors.add(constant ? part.path(2) : ref(part));
          part.path(3).properties().forEach(e -> options.put(e.getKey(), argument(e.getValue())));
        }
        arguments.add(tensors.size() == 1 ? tensors.get(0) : tensors);
      } else {
        throw broken(names, "does not say what layer %s reads".formatted(name));
      }
      return new Call(layer, name, index, List.copyOf(arguments), options);
    }

    private static Object argument(JsonNode node) {
      if (node.path("class_name").asText().equals(TENSOR)) {
        JsonNode history = node.path("config").path("keras_history");
        return isRef(history) ? ref(history) : node;
      }
      if (isRef(node)) {
        return ref(node);
      }
      if (node.isArray() && !node.isEmpty()) {
        List<Object> list = new ArrayList<>();
        node.forEach(element -> list.add(argument(element)));
        // Lists of constants stay what they are.
        return list.stream().allMatch(JsonNode.class::isInstance) ? node : list;
      }
      return node;
    }

    /**
     * By how much the calls of a layer are counted from more than 0: a Sequential inside of a model
     * of Keras 2 counts the call that it made to itself.
     */
    private static Map<String, Integer> offsets(List<Call> calls, List<Ref> outputs) {
      Map<String, Integer> counts = new HashMap<>();
      calls.forEach(call -> counts.merge(call.name(), 1, Integer::sum));
      List<Ref> refs = new ArrayList<>(outputs);
      calls.forEach(call -> refs.addAll(call.reads()));
      Map<String, Integer> offsets = new HashMap<>();
      for (Ref ref : refs) {
        int count = counts.getOrDefault(ref.layer(), 1);
        offsets.merge(ref.layer(), Math.max(0, ref.call() - count + 1), Math::max);
      }
      return offsets;
    }

    private static Ref shifted(Ref ref, Map<String, Integer> offsets) {
      int offset = offsets.getOrDefault(ref.layer(), 0);
      return new Ref(ref.layer(), Math.max(0, ref.call() - offset), ref.index());
    }

    private static Object shifted(Object argument, Map<String, Integer> offsets) {
      if (argument instanceof Ref ref) {
        return shifted(ref, offsets);
      }
      if (argument instanceof List<?> list) {
        return list.stream().map(element -> shifted((Object) element, offsets)).toList();
      }
      return argument;
    }

    private static Call shifted(Call call, Map<String, Integer> offsets) {
      Map<String, Object> options = new LinkedHashMap<>();
      call.options().forEach((key, value) -> options.put(key, shifted(value, offsets)));
      return new Call(
          call.layer(),
          call.name(),
          call.call(),
          call.arguments().stream().map(a -> shifted(a, offsets)).toList(),
          options);
    }

    /** Each call after those that it reads, in the file's order where that leaves a choice. */
    private List<Call> ordered(List<Call> calls, List<Ref> inputs, List<String> names)
        throws IOException {
      Map<Ref, List<Integer>> readers = new HashMap<>();
      int[] waiting = new int[calls.size()];
      PriorityQueue<Integer> ready = new PriorityQueue<>();
      Set<Ref> given = Set.copyOf(inputs);
      for (int i = 0; i < waiting.length; i++) {
        for (Ref ref : calls.get(i).reads()) {
          // All outputs of a call are there at once.
          Ref whole = new Ref(ref.layer(), ref.call(), 0);
          if (!given.contains(whole)) {
            waiting[i]++;
            readers.computeIfAbsent(whole, key -> new ArrayList<>()).add(i);
          }
        }
        if (waiting[i] == 0) {
          ready.add(i);
        }
      }
      List<Call> ordered = new ArrayList<>();
      while (!ready.isEmpty()) {
        Call call = calls.get(ready.remove());
        ordered.add(call);
        for (int reader : readers.getOrDefault(new Ref(call.name(), call.call(), 0), List.of())) {
          if (--waiting[reader] == 0) {
            ready.add(reader);
          }
        }
      }
      if (ordered.size() < calls.size()) {
        String stuck =
            IntStream.range(0, waiting.length)
                .filter(i -> waiting[i] > 0)
                .mapToObj(i -> calls.get(i).name())
                .distinct()
                .limit(3)
                .collect(Collectors.joining(", "));
        throw broken(names, "lets layers read each other or what is not there: " + stuck);
      }
      return ordered;
    }

    private static long @Nullable [] shape(JsonNode config) {
      JsonNode batch =
          config.hasNonNull("batch_shape")
              ? config.get("batch_shape")
              : config.path("batch_input_shape");
      if (!batch.isArray() || batch.isEmpty()) {
        return null;
      }
      long[] shape = new long[batch.size() - 1];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = batch.get(i + 1).isIntegralNumber() ? batch.get(i + 1).asLong() : -1;
      }
      return shape;
    }
  }
}
