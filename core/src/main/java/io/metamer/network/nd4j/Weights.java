package io.metamer.network.nd4j;

import io.metamer.network.Graph;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The weights of a graph in one type, prepared once for all networks compiled from it. */
final class Weights {

  private static final Map<Graph, Map<DataType, Weights>> SHARED = new WeakHashMap<>();

  private final DataType type;
  // By identity: arrays compare by content.
  private final IdentityHashMap<INDArray, Map<String, INDArray>> prepared = new IdentityHashMap<>();

  private Weights(DataType type) {
    this.type = type;
  }

  static Weights of(Graph graph, DataType type) {
    synchronized (SHARED) {
      return SHARED
          .computeIfAbsent(graph, g -> new EnumMap<>(DataType.class))
          .computeIfAbsent(type, Weights::new);
    }
  }

  /** The weights in row order in this type; the given array itself where it is that already. */
  INDArray plain(INDArray weights) {
    return shared(
        weights,
        "plain",
        w -> {
          INDArray cast = w.castTo(type);
          return cast.ordering() == 'c' && !cast.isView() ? cast : cast.dup('c');
        });
  }

  /** The weights in another form, which the name stands for. */
  synchronized INDArray shared(INDArray weights, String form, UnaryOperator<INDArray> prepare) {
    Map<String, INDArray> forms = prepared.computeIfAbsent(weights, w -> new HashMap<>());
    INDArray result = forms.get(form);
    if (result == null) {
      result = prepare.apply(weights);
      forms.put(form, result);
    }
    return result;
  }
}
