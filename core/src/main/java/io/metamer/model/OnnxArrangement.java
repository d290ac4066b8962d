package io.metamer.model;

import static java.util.Map.entry;

import io.metamer.model.OnnxConstants.Fold;
import io.metamer.model.OnnxConstants.Operands;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;

/** Operators that arrange the numbers of constants anew, or tell of their shapes. */
final class OnnxArrangement {

  static final Map<String, Fold> FOLDS =
      Map.ofEntries(
          entry("Concat", OnnxArrangement::concat),
          entry("Expand", OnnxArrangement::expand),
          entry("EyeLike", OnnxArrangement::eyeLike),
          entry("Gather", OnnxArrangement::gather),
          entry("GatherElements", OnnxArrangement::gatherElements),
          entry("GatherND", OnnxArrangement::gatherAtPlaces),
          entry("NonZero", OnnxArrangement::nonZero),
          entry("OneHot", OnnxArrangement::oneHot),
          entry("Pad", OnnxArrangement::pad),
          entry("Range", OnnxArrangement::range),
          entry("ScatterND", OnnxArrangement::scatterAtPlaces),
          entry("Shape", OnnxArrangement::shape),
          entry("Size", OnnxArrangement::size),
          entry("Slice", OnnxArrangement::slice),
          entry("Tile", OnnxArrangement::tile),
          entry("Transpose", OnnxArrangement::transpose),
          entry("Trilu", OnnxArrangement::trilu),
          entry("Where", OnnxArrangement::where));

  private OnnxArrangement() {}

  // What the operators are made of.

  /**
   * The elements at all combinations of indices.
   *
   * @param indices for each axis those to take, -1 for none
   * @param otherwise the bits that stand where there is none
   */
  private static Numbers select(Operands x, Numbers from, int[][] indices, long otherwise) {
    int rank = from.rank();
    long[] shape = Arrays.stream(indices).mapToLong(i -> i.length).toArray();
    Numbers to = x.make(from.type(), shape);
    int[] strides = strides(from.shape());
    int[] at = new int[rank];
    for (int i = 0; i < to.length(); i++) {
      int j = 0;
      boolean none = false;
      for (int axis = 0; axis < rank; axis++) {
        int k = indices[axis][at[axis]];
        none |= k < 0;
        j += k * strides[axis];
      }
      to.bits()[i] = none ? otherwise : from.bits()[j];
      step(at, shape);
    }
    return to;
  }

  private static int[] strides(long[] shape) {
    int[] strides = new int[shape.length];
    int stride = 1;
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      strides[axis] = stride;
      stride *= (int) shape[axis];
    }
    return strides;
  }

  /** Goes on to the next index of a shape, the last axis first. */
  private static void step(int[] at, long[] shape) {
    for (int axis = at.length - 1; axis >= 0 && ++at[axis] == shape[axis]; axis--) {
      at[axis] = 0;
    }
  }

  /** All indices of each axis, some of which a caller then replaces. */
  private static int[][] everything(Operands x, long[] shape) {
    int[][] indices = new int[shape.length][];
    for (int axis = 0; axis < shape.length; axis++) {
      indices[axis] = x.indices(shape[axis]);
      for (int i = 0; i < indices[axis].length; i++) {
        indices[axis][i] = i;
      }
    }
    return indices;
  }

  static Numbers transposed(Operands x, Numbers from, int... order) {
    boolean[] seen = new boolean[from.rank()];
    for (int axis : order) {
      if (seen[axis]) {
        throw x.node().unsupported("axes %s are no order".formatted(Arrays.toString(order)));
      }
      seen[axis] = true;
    }
    if (Arrays.equals(order, IntStream.range(0, order.length).toArray())) {
      return from;
    }
    int[] strides = strides(from.shape());
    long[] shape = Arrays.stream(order).mapToLong(axis -> from.shape()[axis]).toArray();
    Numbers to = x.make(from.type(), shape);
    int[] at = new int[order.length];
    for (int i = 0; i < to.length(); i++) {
      int j = 0;
      for (int axis = 0; axis < order.length; axis++) {
        j += at[axis] * strides[order[axis]];
      }
      to.bits()[i] = from.bits()[j];
      step(at, shape);
    }
    return to;
  }

  /** The shape of what is computed from two, matched from the last axis on. */
  static long[] broadcast(Operands x, long[] a, long[] b) {
    long[] shape = new long[Math.max(a.length, b.length)];
    for (int i = 1; i <= shape.length; i++) {
      long d = i <= a.length ? a[a.length - i] : 1;
      long e = i <= b.length ? b[b.length - i] : 1;
      if (d != e && d != 1 && e != 1) {
        throw x.node()
            .unsupported(
                "of constants of shapes %s and %s, which do not fit"
                    .formatted(Arrays.toString(a), Arrays.toString(b)));
      }
      shape[shape.length - i] = d == 1 ? e : d;
    }
    return shape;
  }

  /** Repeats numbers along axes of length 1 until they have a shape. */
  static Numbers expanded(Operands x, Numbers from, long[] shape) {
    if (Arrays.equals(from.shape(), shape)) {
      return from;
    }
    if (!Arrays.equals(broadcast(x, from.shape(), shape), shape)) {
      throw x.node()
          .unsupported(
              "of a constant of shape %s, which does not fit %s"
                  .formatted(Arrays.toString(from.shape()), Arrays.toString(shape)));
    }
    long[] aligned = new long[shape.length];
    Arrays.fill(aligned, 1);
    System.arraycopy(from.shape(), 0, aligned, shape.length - from.rank(), from.rank());
    int[][] indices = everything(x, aligned);
    for (int axis = 0; axis < shape.length; axis++) {
      if (aligned[axis] == 1) {
        indices[axis] = x.indices(shape[axis]);
      }
    }
    return select(x, from.shaped(aligned), indices, 0);
  }

  // The operators.

  private static Numbers shape(Operands x) {
    long[] shape = x.shape(0);
    int rank = shape.length;
    int start = (int) clamped(x.node().integer("start", 0), rank, 0, rank);
    int end = (int) clamped(x.node().integer("end", rank), rank, 0, rank);
    Numbers y = x.make(DataType.INT64, Math.max(0, end - start));
    for (int i = 0; i < y.length(); i++) {
      y.set(i, shape[start + i]);
    }
    return y;
  }

  private static Numbers size(Operands x) {
    Numbers y = x.make(DataType.INT64);
    y.set(0, OnnxTensors.length(x.shape(0)));
    return y;
  }

  /** A place on an axis, from its end where it is negative, at most as far out as the bounds. */
  private static long clamped(long place, long length, long low, long high) {
    return Math.min(Math.max(place < 0 ? place + length : place, low), high);
  }

  private static int index(Operands x, long given, long length) {
    if (given < -length || given >= length) {
      throw x.node().unsupported("index %d of an axis of length %d".formatted(given, length));
    }
    return (int) (given < 0 ? given + length : given);
  }

  private static Numbers concat(Operands x) {
    Numbers first = x.get(0);
    int axis = x.axis(x.node().integer("axis", 0), first.rank());
    long[] shape = first.shape().clone();
    List<Numbers> parts = new ArrayList<>(List.of(first));
    for (int i = 1; i < x.count(); i++) {
      Numbers part = x.get(i);
      boolean fits = part.rank() == first.rank() && part.type() == first.type();
      for (int k = 0; fits && k < shape.length; k++) {
        fits = k == axis || part.shape()[k] == shape[k];
      }
      if (!fits) {
        throw x.node()
            .unsupported(
                "of constants of shapes %s and %s, which do not fit"
                    .formatted(Arrays.toString(first.shape()), Arrays.toString(part.shape())));
      }
      shape[axis] += part.shape()[axis];
      parts.add(part);
    }
    Numbers y = x.make(first.type(), shape);
    long rows = OnnxTensors.length(Arrays.copyOf(shape, axis));
    int at = 0;
    for (int row = 0; row < rows && y.length() > 0; row++) {
      for (Numbers part : parts) {
        int run = (int) (part.length() / rows);
        System.arraycopy(part.bits(), row * run, y.bits(), at, run);
        at += run;
      }
    }
    return y;
  }

  static List<Numbers> split(Operands x) {
    Numbers from = x.get(0);
    OnnxNode node = x.node();
    int axis = x.axis(node.integer("axis", 0), from.rank());
    int count = node.proto().getOutputCount();
    long length = from.shape()[axis];
    long[] sizes = x.wholes(1, "split");
    if (sizes.length == 0) {
      long each = (length + count - 1) / count;
      sizes = LongStream.range(0, count).map(i -> clamped(length - i * each, 0, 0, each)).toArray();
    }
    if (sizes.length != count
        || Arrays.stream(sizes).anyMatch(s -> s < 0 || s > length)
        || Arrays.stream(sizes).sum() != length) {
      throw node.unsupported(
          "into %d parts of %s of an axis of length %d"
              .formatted(count, Arrays.toString(sizes), length));
    }
    List<Numbers> parts = new ArrayList<>();
    long start = 0;
    for (long size : sizes) {
      int[][] indices = everything(x, from.shape());
      indices[axis] = Arrays.copyOfRange(indices[axis], (int) start, (int) (start + size));
      parts.add(select(x, from, indices, 0));
      start += size;
    }
    return parts;
  }

  private static Numbers slice(Operands x) {
    Numbers from = x.get(0);
    int rank = from.rank();
    long[] starts = x.wholes(1, "starts");
    long[] ends = x.wholes(2, "ends");
    long[] axes = x.wholes(3, "axes", LongStream.range(0, starts.length).toArray());
    long[] steps =
        x.has(4) ? x.wholes(4) : LongStream.generate(() -> 1).limit(axes.length).toArray();
    if (ends.length != starts.length
        || axes.length != starts.length
        || steps.length != starts.length) {
      throw x.node()
          .unsupported(
              "with %d starts, %d ends, %d axes and %d steps"
                  .formatted(starts.length, ends.length, axes.length, steps.length));
    }
    int[][] indices = everything(x, from.shape());
    for (int i = 0; i < axes.length; i++) {
      int axis = x.axis(axes[i], rank);
      indices[axis] = places(x, starts[i], ends[i], steps[i], from.shape()[axis]);
    }
    return select(x, from, indices, 0);
  }

  /** From a start on to before an end, as numpy slices an axis. */
  private static int[] places(Operands x, long start, long end, long step, long length) {
    if (step == 0) {
      throw x.node().unsupported("with a step of 0");
    }
    boolean up = step > 0;
    long first = clamped(start, length, 0, up ? length : length - 1);
    long last = clamped(end, length, up ? 0 : -1, up ? length : length - 1);
    long distance = up ? last - first : first - last;
    // Of the smallest long there is no absolute value, and no axis is as long.
    long stride = Math.min(Math.abs(Math.max(step, -Long.MAX_VALUE)), Integer.MAX_VALUE);
    int[] places = x.indices(distance > 0 ? 1 + (distance - 1) / stride : 0);
    for (int i = 0; i < places.length; i++) {
      places[i] = (int) (first + (up ? i : -i) * stride);
    }
    return places;
  }

  private static Numbers gather(Operands x) {
    Numbers from = x.get(0);
    Numbers given = x.get(1);
    int axis = x.axis(x.node().integer("axis", 0), from.rank());
    int[][] indices = everything(x, from.shape());
    indices[axis] = x.indices(given.length());
    for (int i = 0; i < given.length(); i++) {
      indices[axis][i] = index(x, given.whole(i), from.shape()[axis]);
    }
    long[] before = Arrays.copyOf(from.shape(), axis);
    long[] after = Arrays.copyOfRange(from.shape(), axis + 1, from.rank());
    return select(x, from, indices, 0).shaped(joined(before, given.shape(), after));
  }

  private static long[] joined(long[]... parts) {
    return Arrays.stream(parts).flatMapToLong(Arrays::stream).toArray();
  }

  private static Numbers gatherElements(Operands x) {
    Numbers from = x.get(0);
    Numbers given = x.get(1);
    int axis = x.axis(x.node().integer("axis", 0), from.rank());
    boolean fits = given.rank() == from.rank();
    for (int i = 0; fits && i < from.rank(); i++) {
      fits = i == axis || given.shape()[i] <= from.shape()[i];
    }
    if (!fits) {
      throw x.node()
          .unsupported(
              "indices of shape %s do not fit %s"
                  .formatted(Arrays.toString(given.shape()), Arrays.toString(from.shape())));
    }
    Numbers y = x.make(from.type(), given.shape());
    int[] strides = strides(from.shape());
    int[] at = new int[from.rank()];
    for (int i = 0; i < y.length(); i++) {
      int j = 0;
      for (int k = 0; k < at.length; k++) {
        j += strides[k] * (k == axis ? index(x, given.whole(i), from.shape()[axis]) : at[k]);
      }
      y.bits()[i] = from.bits()[j];
      step(at, given.shape());
    }
    return y;
  }

  /** Where in the numbers the block begins that a row of indices names, for each row. */
  private static int[] blocks(Operands x, Numbers from, Numbers rows) {
    int depth = rows.rank() == 0 ? 0 : (int) rows.shape()[rows.rank() - 1];
    if (x.node().integer("batch_dims", 0) != 0 || depth == 0 || depth > from.rank()) {
      throw x.node()
          .unsupported(
              "indices of shape %s of a constant of %s; supported are places in it, without batches"
                  .formatted(Arrays.toString(rows.shape()), Arrays.toString(from.shape())));
    }
    int[] strides = strides(from.shape());
    int[] blocks = x.indices(rows.length() / depth);
    for (int i = 0; i < rows.length(); i++) {
      int axis = i % depth;
      blocks[i / depth] += strides[axis] * index(x, rows.whole(i), from.shape()[axis]);
    }
    return blocks;
  }

  private static Numbers gatherAtPlaces(Operands x) {
    Numbers from = x.get(0);
    Numbers rows = x.get(1);
    int[] blocks = blocks(x, from, rows);
    int depth = (int) rows.shape()[rows.rank() - 1];
    long[] inner = Arrays.copyOfRange(from.shape(), depth, from.rank());
    Numbers y = x.make(from.type(), joined(Arrays.copyOf(rows.shape(), rows.rank() - 1), inner));
    int run = (int) OnnxTensors.length(inner);
    for (int i = 0; i < blocks.length; i++) {
      System.arraycopy(from.bits(), blocks[i], y.bits(), i * run, run);
    }
    return y;
  }

  private static Numbers scatterAtPlaces(Operands x) {
    Numbers from = x.get(0);
    Numbers rows = x.get(1);
    Numbers updates = x.get(2);
    int[] blocks = blocks(x, from, rows);
    int depth = (int) rows.shape()[rows.rank() - 1];
    int run = (int) OnnxTensors.length(Arrays.copyOfRange(from.shape(), depth, from.rank()));
    if (!x.node().text("reduction", "none").equals("none")
        || updates.type() != from.type()
        || updates.length() != (long) blocks.length * run) {
      throw x.node()
          .unsupported(
              "updates of shape %s do not fit, or are to be summed; supported is replacing"
                  .formatted(Arrays.toString(updates.shape())));
    }
    Numbers y = x.make(from.type(), from.shape());
    System.arraycopy(from.bits(), 0, y.bits(), 0, y.length());
    for (int i = 0; i < blocks.length; i++) {
      System.arraycopy(updates.bits(), i * run, y.bits(), blocks[i], run);
    }
    return y;
  }

  private static Numbers transpose(Operands x) {
    Numbers from = x.get(0);
    int rank = from.rank();
    long[] reversed = LongStream.range(0, rank).map(i -> rank - 1 - i).toArray();
    long[] order = x.node().integers("perm", reversed);
    if (order.length != rank) {
      throw x.node()
          .unsupported("axes %s of a constant of %d".formatted(Arrays.toString(order), rank));
    }
    return transposed(x, from, Arrays.stream(order).mapToInt(a -> x.axis(a, rank)).toArray());
  }

  private static Numbers expand(Operands x) {
    Numbers from = x.get(0);
    return expanded(x, from, broadcast(x, from.shape(), x.wholes(1)));
  }

  private static Numbers tile(Operands x) {
    Numbers from = x.get(0);
    long[] repeats = x.wholes(1);
    if (repeats.length != from.rank() || Arrays.stream(repeats).anyMatch(r -> r < 0)) {
      throw x.node()
          .unsupported(
              "repeats %s of a constant of %d axes"
                  .formatted(Arrays.toString(repeats), from.rank()));
    }
    int[][] indices = new int[from.rank()][];
    for (int axis = 0; axis < indices.length; axis++) {
      int length = (int) from.shape()[axis];
      indices[axis] = x.indices(OnnxTensors.length(length, repeats[axis]));
      for (int i = 0; i < indices[axis].length; i++) {
        indices[axis][i] = i % length;
      }
    }
    return select(x, from, indices, 0);
  }

  private static Numbers pad(Operands x) {
    Numbers from = x.get(0);
    int rank = from.rank();
    long[] pads = x.wholes(1, "pads");
    long[] axes = x.has(3) ? x.wholes(3) : LongStream.range(0, rank).toArray();
    if (pads.length != 2 * axes.length) {
      throw x.node().unsupported("%d pads of %d axes".formatted(pads.length, axes.length));
    }
    Numbers filler = x.make(from.type());
    if (x.has(2) && x.get(2).length() > 0) {
      filler.set(0, OnnxArithmetic.single(x, 2), 0);
    } else {
      filler.set(0, x.node().number("value", 0));
    }
    String mode = x.node().text("mode", "constant");
    int[][] indices = everything(x, from.shape());
    for (int i = 0; i < axes.length; i++) {
      int axis = x.axis(axes[i], rank);
      int length = (int) from.shape()[axis];
      long before = pads[i];
      indices[axis] =
          x.indices(Math.addExact(Math.addExact(length, before), pads[i + axes.length]));
      for (int k = 0; k < indices[axis].length; k++) {
        indices[axis][k] = padding(x, mode, k - before, length);
      }
    }
    return select(x, from, indices, filler.bits()[0]);
  }

  /** The place that a place outside of an axis repeats, or -1. */
  private static int padding(Operands x, String mode, long place, int length) {
    if (place >= 0 && place < length) {
      return (int) place;
    }
    long other =
        switch (mode) {
          case "constant" -> -1;
          case "edge" -> place < 0 ? 0 : length - 1;
          case "reflect" -> place < 0 ? -place : 2L * (length - 1) - place;
          case "wrap" -> length == 0 ? 0 : Math.floorMod(place, length);
          default -> throw x.node().unsupported("mode " + mode);
        };
    return mode.equals("constant") ? -1 : index(x, other, length);
  }

  private static Numbers range(Operands x) {
    Numbers start = OnnxArithmetic.single(x, 0);
    Numbers limit = OnnxArithmetic.single(x, 1);
    Numbers delta = OnnxArithmetic.single(x, 2);
    if (!(delta.real(0) != 0)) {
      throw x.node().unsupported("with a step of " + delta.real(0));
    }
    long count;
    if (start.isReal()) {
      double steps = Math.ceil((limit.real(0) - start.real(0)) / delta.real(0));
      count = Double.isNaN(steps) ? Long.MAX_VALUE : (long) Math.max(0, steps);
    } else {
      long distance = Math.subtractExact(limit.whole(0), start.whole(0));
      count = Math.max(0, -Math.floorDiv(-distance, delta.whole(0)));
    }
    Numbers y = x.make(start.type(), count);
    for (int i = 0; i < y.length(); i++) {
      if (start.isReal()) {
        y.set(i, start.real(0) + i * delta.real(0));
      } else {
        y.set(i, start.whole(0) + i * delta.whole(0));
      }
    }
    return y;
  }

  private static Numbers eyeLike(Operands x) {
    Numbers like = x.get(0);
    if (like.rank() != 2) {
      throw x.node().unsupported("of a constant that is no matrix");
    }
    long number = x.node().integer("dtype", 0);
    DataType type = number == 0 ? like.type() : OnnxArithmetic.type(x.node(), number);
    Numbers y = x.make(type, like.shape());
    long columns = like.shape()[1];
    for (int i = 0; i < y.length(); i++) {
      y.set(i, i % columns == i / columns + x.node().integer("k", 0) ? 1 : 0);
    }
    return y;
  }

  private static Numbers oneHot(Operands x) {
    Numbers given = x.get(0);
    long depth = OnnxArithmetic.single(x, 1).whole(0);
    Numbers values = x.get(2);
    if (values.length() != 2) {
      throw x.node().unsupported("with %d values, not 2".formatted(values.length()));
    }
    int rank = given.rank();
    int axis = x.axis(x.node().integer("axis", -1), rank + 1);
    long[] shape =
        joined(
            Arrays.copyOf(given.shape(), axis),
            new long[] {depth},
            Arrays.copyOfRange(given.shape(), axis, rank));
    Numbers y = x.make(values.type(), shape);
    long inner = OnnxTensors.length(Arrays.copyOfRange(given.shape(), axis, rank));
    for (int i = 0; i < y.length(); i++) {
      long outer = i / (inner * depth);
      long hot = given.whole((int) (outer * inner + i % inner));
      boolean on = i / inner % depth == (hot < 0 ? hot + depth : hot);
      y.set(i, values, on ? 1 : 0);
    }
    return y;
  }

  private static Numbers trilu(Operands x) {
    Numbers from = x.get(0);
    int rank = from.rank();
    if (rank < 2) {
      throw x.node().unsupported("of a constant that is no matrix");
    }
    long rows = from.shape()[rank - 2];
    long columns = from.shape()[rank - 1];
    boolean upper = x.node().integer("upper", 1) != 0;
    long k = x.has(1) ? OnnxArithmetic.single(x, 1).whole(0) : 0;
    Numbers y = x.make(from.type(), from.shape());
    for (int i = 0; i < y.length(); i++) {
      long distance = i % columns - i / columns % rows;
      if (upper ? distance >= k : distance <= k) {
        y.bits()[i] = from.bits()[i];
      }
    }
    return y;
  }

  private static Numbers where(Operands x) {
    Numbers condition = x.get(0);
    Numbers a = x.get(1);
    Numbers b = x.get(2);
    if (condition.type() != DataType.BOOL || a.type() != b.type()) {
      throw x.node()
          .unsupported(
              "of constants of types %s, %s and %s"
                  .formatted(condition.type(), a.type(), b.type()));
    }
    long[] shape = broadcast(x, condition.shape(), broadcast(x, a.shape(), b.shape()));
    Numbers which = expanded(x, condition, shape);
    Numbers yes = expanded(x, a, shape);
    Numbers no = expanded(x, b, shape);
    Numbers y = x.make(a.type(), shape);
    for (int i = 0; i < y.length(); i++) {
      y.bits()[i] = which.whole(i) != 0 ? yes.bits()[i] : no.bits()[i];
    }
    return y;
  }

  /** The places of all elements but zeros, one column each. */
  private static Numbers nonZero(Operands x) {
    Numbers from = x.get(0);
    int[] places = IntStream.range(0, from.length()).filter(i -> from.real(i) != 0).toArray();
    int[] strides = strides(from.shape());
    Numbers y = x.make(DataType.INT64, from.rank(), places.length);
    for (int i = 0; i < y.length(); i++) {
      int axis = i / places.length;
      y.set(i, places[i % places.length] / strides[axis] % from.shape()[axis]);
    }
    return y;
  }
}
