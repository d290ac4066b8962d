package io.metamer.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Which numbers of a file are which weights of which layer. */
interface KerasWeights {

  /**
   * The weights of a layer.
   *
   * @param names the layer's own name after those of the models that it is in, the outermost first
   * @param folder where Keras 3 puts it: {@code layers/functional/layers/conv2d_1}
   * @param wanted the layer's weights in the order in which Keras makes them, {@code kernel} or
   *     {@code query/kernel}
   * @return those of them that the file has
   */
  Map<String, INDArray> of(List<String> names, String folder, List<String> wanted)
      throws IOException;

  /**
   * The weights of an {@code .h5}: a group for each layer of the outermost model, and in it what
   * that layer calls its weights, {@code inner/conv1/kernel:0}.
   *
   * @param root the group that holds the layers', or nothing
   */
  static KerasWeights byLayer(KerasHdf5 file, String root) {
    return (names, folder, wanted) -> {
      String group = root.isEmpty() ? names.get(0) : root + '/' + names.get(0);
      List<String> held = file.texts(group, "weight_names");
      Map<String, INDArray> weights = new HashMap<>();
      if (held == null) {
        return weights;
      }
      boolean inOrder = names.size() == 1 && held.size() == wanted.size();
      for (int i = 0; i < wanted.size(); i++) {
        String found = named(held, names, wanted.get(i));
        // A layer that was renamed after it was built has weights of other names.
        if (found.isEmpty() && inOrder) {
          found = held.get(i);
        }
        if (!found.isEmpty()) {
          weights.put(wanted.get(i), file.array(group + '/' + found));
        }
      }
      return weights;
    };
  }

  /** The one among the names whose end fits, or an empty text. */
  private static String named(List<String> held, List<String> names, String weight) {
    for (int from = 0; from <= names.size(); from++) {
      // Within an inner model a weight's own name is not enough.
      if (from == names.size() && names.size() > 1) {
        break;
      }
      List<String> path = new ArrayList<>(names.subList(from, names.size()));
      path.add(weight);
      String end = "/" + String.join("/", path);
      List<String> fitting =
          held.stream()
              .filter(name -> ("/" + name.replaceFirst(":\\d+$", "")).endsWith(end))
              .toList();
      if (fitting.size() == 1) {
        return fitting.get(0);
      }
    }
    return "";
  }

  /**
   * The weights in a {@code .keras} file: a folder for each layer, named after its class, and in it
   * {@code vars/0} and so on.
   */
  static KerasWeights byPosition(KerasHdf5 file) {
    Map<String, String> paths = new TreeMap<>();
    for (String path : file.datasets()) {
      // Files written on Windows, by Keras 2, and parts of a layer.
      paths.put(
          path.replace('\\', '/')
              .replace("_layer_checkpoint_dependencies/", "layers/")
              .replaceAll("/_(\\w+_dense)/", "/$1/"),
          path);
    }
    return (names, folder, wanted) -> {
      Map<String, INDArray> weights = new HashMap<>();
      Map<String, Integer> counts = new HashMap<>();
      for (String weight : wanted) {
        int slash = weight.indexOf('/');
        String part = slash < 0 ? "" : '/' + PARTS.get(weight.substring(0, slash));
        int position = counts.merge(part, 1, Integer::sum) - 1;
        String path = paths.get(folder + part + "/vars/" + position);
        if (path != null) {
          weights.put(weight, file.array(path));
        }
      }
      return weights;
    };
  }

  /** The parts of an attention layer: what they call themselves, and what the layer calls them. */
  Map<String, String> PARTS =
      Map.of(
          "query", "query_dense",
          "key", "key_dense",
          "value", "value_dense",
          "attention_output", "output_dense");
}
