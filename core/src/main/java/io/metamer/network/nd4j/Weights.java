package io.metamer.network.nd4j;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Weights in one type, prepared once for all networks that have them, of whichever graph: the forms
 * of an array live as long as the array.
 */
final class Weights {

  private static final Map<Key, Map<String, INDArray>> PREPARED = new HashMap<>();
  private static final ReferenceQueue<INDArray> GONE = new ReferenceQueue<>();

  private final DataType type;

  Weights(DataType type) {
    this.type = type;
  }

  /** The weights in row order in this type; the given array itself where it is that already. */
  INDArray plain(INDArray weights) {
    boolean ready = weights.dataType() == type && weights.ordering() == 'c' && !weights.isView();
    return ready ? weights : shared(weights, "plain", this::inRowOrder);
  }

  private INDArray inRowOrder(INDArray weights) {
    INDArray cast = weights.castTo(type);
    return cast == weights || cast.ordering() != 'c' || cast.isView() ? cast.dup('c') : cast;
  }

  /**
   * The weights in another form, which the name stands for.
   *
   * @param prepare gives an array that does not hold the weights themselves
   */
  INDArray shared(INDArray weights, String form, UnaryOperator<INDArray> prepare) {
    synchronized (PREPARED) {
      for (Reference<?> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
        PREPARED.remove(gone);
      }
      Map<String, INDArray> forms =
          PREPARED.computeIfAbsent(new Key(weights), key -> new HashMap<>());
      String name = form + " " + type;
      INDArray result = forms.get(name);
      if (result == null) {
        result = prepare.apply(weights);
        forms.put(name, result);
      }
      return result;
    }
  }

  /** By identity: arrays compare by content. */
  private static final class Key extends WeakReference<INDArray> {
    private final int hash;

    Key(INDArray weights) {
      super(weights, GONE);
      hash = System.identityHashCode(weights);
    }

    @Override
    public int hashCode() {
      return hash;
    }

    @Override
    public boolean equals(Object other) {
      return this == other || (other instanceof Key key && get() != null && get() == key.get());
    }
  }
}
