package io.metamer.onednn;

import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Weights in the layouts that primitives want, made once for all networks that have them, of
 * whichever graph: they live as long as the array they are made from.
 */
final class Packed {

  private static final Map<Key, Forms> FORMS = new HashMap<>();
  private static final ReferenceQueue<INDArray> GONE = new ReferenceQueue<>();

  private Packed() {}

  /**
   * Weights for a primitive.
   *
   * @param shape as the primitive sees them
   * @param rows how they lie in the array
   * @param wanted how the primitive wants them
   */
  static Tensor of(INDArray weights, long[] shape, memory.desc rows, memory.desc wanted) {
    synchronized (FORMS) {
      Forms forms = forms(weights);
      if (rows.equals(wanted)) {
        INDArray plain = forms.plain(weights);
        memory numbers = new memory(rows, engine(), Arena.address(plain));
        return Arena.constant(shape, rows, numbers, plain);
      }
      return Arena.constant(shape, wanted, forms.packed(weights, rows, wanted), null);
    }
  }

  /** Weights as they are, float in row order. */
  static Tensor plain(INDArray weights, long... shape) {
    memory.desc rows = Layouts.plain(shape);
    return of(weights, shape, rows, rows);
  }

  private static engine engine() {
    return Library.instance().engine();
  }

  private static Forms forms(INDArray weights) {
    for (Reference<?> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
      FORMS.remove(gone);
    }
    return FORMS.computeIfAbsent(new Key(weights), key -> new Forms());
  }

  /** What was made of one array. */
  private static final class Forms {
    private final List<memory> packed = new ArrayList<>();
    private @Nullable INDArray plain;

    INDArray plain(INDArray weights) {
      if (inPlace(weights)) {
        return weights;
      }
      if (plain == null) {
        plain = copy(weights);
      }
      return plain;
    }

    memory packed(INDArray weights, memory.desc rows, memory.desc wanted) {
      for (memory form : packed) {
        if (form.get_desc().equals(wanted)) {
          return form;
        }
      }
      INDArray source = plain != null || inPlace(weights) ? plain(weights) : copy(weights);
      memory result = new memory(wanted, engine());
      IntMemoryMap arguments = new IntMemoryMap();
      arguments.put(dnnl.DNNL_ARG_FROM, new memory(rows, engine(), Arena.address(source)));
      arguments.put(dnnl.DNNL_ARG_TO, result);
      stream queue = new stream(engine());
      new reorder(new reorder.primitive_desc(engine(), rows, engine(), wanted))
          .execute(queue, arguments);
      queue._wait();
      if (source != weights && source != plain) {
        source.close();
      }
      packed.add(result);
      return result;
    }

    private static boolean inPlace(INDArray weights) {
      return weights.dataType() == DataType.FLOAT && Layouts.inRowOrder(weights);
    }

    private static INDArray copy(INDArray weights) {
      INDArray cast = weights.castTo(DataType.FLOAT);
      if (cast != weights && Layouts.inRowOrder(cast)) {
        return cast;
      }
      INDArray rows = cast.dup('c');
      if (cast != weights) {
        cast.close();
      }
      return rows;
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
