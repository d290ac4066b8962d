package io.metamer.model;

import io.metamer.model.OnnxConstants.Fold;
import io.metamer.model.OnnxConstants.Operands;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.IntPredicate;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.nd4j.linalg.api.buffer.DataType;

/** Operators that compute with the numbers of constants. */
final class OnnxArithmetic {

  private static final Map<String, Fold> FOLDS = new HashMap<>();

  static {
    binary("Add", Long::sum, Double::sum);
    binary("Sub", (a, b) -> a - b, (a, b) -> a - b);
    binary("Mul", (a, b) -> a * b, (a, b) -> a * b);
    binary("Div", (a, b) -> a / b, (a, b) -> a / b);
    binary("Max", Math::max, Math::max);
    binary("Min", Math::min, Math::min);
    FOLDS.put("Sum", OnnxArithmetic::sum);
    logical("And", (a, b) -> a & b);
    logical("Or", (a, b) -> a | b);
    logical("Xor", (a, b) -> a ^ b);
    relation("Equal", comparison -> comparison == 0);
    relation("Less", comparison -> comparison < 0);
    relation("LessOrEqual", comparison -> comparison <= 0);
    relation("Greater", comparison -> comparison > 0);
    relation("GreaterOrEqual", comparison -> comparison >= 0);
    unary("Abs", Math::abs, Math::abs);
    unary("Neg", a -> -a, a -> -a);
    unary("Sign", Long::signum, Math::signum);
    unary("Relu", a -> Math.max(a, 0), a -> a < 0 ? 0 : a);
    unary("Not", a -> 1 - a, a -> a == 0 ? 1 : 0);
    real("Ceil", Math::ceil);
    real("Cos", Math::cos);
    real("Exp", Math::exp);
    real("Floor", Math::floor);
    real("Log", Math::log);
    real("Reciprocal", a -> 1 / a);
    real("Round", Math::rint);
    real("Sigmoid", a -> 1 / (1 + Math.exp(-a)));
    real("Sin", Math::sin);
    real("Softplus", a -> Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))));
    real("Sqrt", Math::sqrt);
    real("Tanh", Math::tanh);
    reduction("ReduceSum", LongStream::sum, DoubleStream::sum);
    reduction("ReduceProd", s -> s.reduce(1, (a, b) -> a * b), s -> s.reduce(1, (a, b) -> a * b));
    reduction(
        "ReduceMax",
        s -> s.reduce(Long.MIN_VALUE, Math::max),
        s -> s.reduce(Double.NEGATIVE_INFINITY, Math::max));
    reduction(
        "ReduceMin",
        s -> s.reduce(Long.MAX_VALUE, Math::min),
        s -> s.reduce(Double.POSITIVE_INFINITY, Math::min));
    reduction("ReduceMean", s -> mean(s.summaryStatistics()), s -> s.average().orElse(Double.NaN));
    reduction("ReduceL1", s -> s.map(Math::abs).sum(), s -> s.map(Math::abs).sum());
    reduction(
        "ReduceL2",
        s -> (long) Math.sqrt((double) s.map(a -> a * a).sum()),
        s -> Math.sqrt(s.map(a -> a * a).sum()));
    reduction("ReduceSumSquare", s -> s.map(a -> a * a).sum(), s -> s.map(a -> a * a).sum());
    FOLDS.put("ArgMax", x -> extreme(x, 1));
    FOLDS.put("ArgMin", x -> extreme(x, -1));
    FOLDS.put("BatchNormalization", OnnxArithmetic::batchNormalization);
    FOLDS.put("Cast", x -> cast(x, type(x.node(), x.node().integer("to", 0))));
    FOLDS.put("CastLike", x -> cast(x, x.get(1).type()));
    FOLDS.put("Clip", OnnxArithmetic::clip);
    FOLDS.put("CumSum", OnnxArithmetic::cumulativeSum);
    FOLDS.put("DequantizeLinear", OnnxArithmetic::dequantize);
    FOLDS.put("Gemm", OnnxArithmetic::gemm);
    FOLDS.put("IsNaN", OnnxArithmetic::isNan);
    FOLDS.put("MatMul", x -> product(x, x.get(0), x.get(1)));
    FOLDS.put("Mean", OnnxArithmetic::mean);
    FOLDS.put("Mod", OnnxArithmetic::modulo);
    FOLDS.put("Pow", OnnxArithmetic::power);
    FOLDS.put("Softmax", OnnxArithmetic::softmax);
  }

  private OnnxArithmetic() {}

  static Map<String, Fold> folds() {
    return Collections.unmodifiableMap(FOLDS);
  }

  // Element by element.

  private static void unary(String operator, LongUnaryOperator whole, DoubleUnaryOperator real) {
    FOLDS.put(operator, x -> map(x, x.get(0), whole, real));
  }

  private static void real(String operator, DoubleUnaryOperator function) {
    FOLDS.put(
        operator,
        x -> {
          Numbers a = x.get(0);
          if (!a.isReal()) {
            throw x.node().unsupported("of constants of type %s".formatted(a.type()));
          }
          return map(x, a, v -> v, function);
        });
  }

  private static Numbers map(
      Operands x, Numbers a, LongUnaryOperator whole, DoubleUnaryOperator real) {
    Numbers y = x.make(a.type(), a.shape());
    for (int i = 0; i < y.length(); i++) {
      if (a.isReal()) {
        y.set(i, real.applyAsDouble(a.real(i)));
      } else {
        y.set(i, whole.applyAsLong(a.whole(i)));
      }
    }
    return y;
  }

  /** Of two operands or, where the operator takes them, of more from the first on. */
  private static void binary(String operator, LongBinaryOperator whole, DoubleBinaryOperator real) {
    FOLDS.put(operator, x -> combined(x, whole, real));
  }

  private static Numbers combined(Operands x, LongBinaryOperator whole, DoubleBinaryOperator real) {
    Numbers y = x.get(0);
    for (int i = 1; i < x.count(); i++) {
      y = combined(x, y, x.get(i), whole, real);
    }
    return y;
  }

  private static Numbers sum(Operands x) {
    return combined(x, Long::sum, Double::sum);
  }

  private static void logical(String operator, LongBinaryOperator bits) {
    FOLDS.put(
        operator,
        x -> {
          Numbers a = x.get(0);
          if (a.type() != DataType.BOOL) {
            throw x.node().unsupported("of constants of type %s".formatted(a.type()));
          }
          return combined(x, a, x.get(1), bits, Double::sum);
        });
  }

  private static Numbers combined(
      Operands x, Numbers a, Numbers b, LongBinaryOperator whole, DoubleBinaryOperator real) {
    sameType(x, a, b);
    long[] shape = OnnxArrangement.broadcast(x, a.shape(), b.shape());
    Numbers left = OnnxArrangement.expanded(x, a, shape);
    Numbers right = OnnxArrangement.expanded(x, b, shape);
    Numbers y = x.make(a.type(), shape);
    for (int i = 0; i < y.length(); i++) {
      if (a.isReal()) {
        y.set(i, real.applyAsDouble(left.real(i), right.real(i)));
      } else {
        y.set(i, whole.applyAsLong(left.whole(i), right.whole(i)));
      }
    }
    return y;
  }

  private static void sameType(Operands x, Numbers a, Numbers b) {
    if (a.type() != b.type()) {
      throw x.node()
          .unsupported(
              "of constants of types %s and %s; supported is one type"
                  .formatted(a.type(), b.type()));
    }
  }

  /** Compares; the predicate is of -1, 0 or 1, and no relation holds for what is not a number. */
  private static void relation(String operator, IntPredicate holds) {
    FOLDS.put(
        operator,
        x -> {
          Numbers a = x.get(0);
          Numbers b = x.get(1);
          sameType(x, a, b);
          long[] shape = OnnxArrangement.broadcast(x, a.shape(), b.shape());
          Numbers left = OnnxArrangement.expanded(x, a, shape);
          Numbers right = OnnxArrangement.expanded(x, b, shape);
          Numbers y = x.make(DataType.BOOL, shape);
          for (int i = 0; i < y.length(); i++) {
            double l = left.real(i);
            double r = right.real(i);
            if (!a.isReal()) {
              y.set(i, holds.test(Long.compare(left.whole(i), right.whole(i))) ? 1 : 0);
            } else if (!Double.isNaN(l) && !Double.isNaN(r)) {
              // Both zeros are equal, which Double.compare denies.
              y.set(i, holds.test(l < r ? -1 : l > r ? 1 : 0) ? 1 : 0);
            }
          }
          return y;
        });
  }

  private static Numbers mean(Operands x) {
    return map(x, sum(x), v -> v / x.count(), v -> v / x.count());
  }

  private static long mean(LongSummaryStatistics of) {
    return of.getSum() / of.getCount();
  }

  private static Numbers modulo(Operands x) {
    boolean signOfDividend = x.node().integer("fmod", 0) != 0;
    return combined(
        x,
        x.get(0),
        x.get(1),
        (a, b) -> signOfDividend ? a % b : Math.floorMod(a, b),
        (a, b) -> a % b);
  }

  private static Numbers power(Operands x) {
    Numbers a = x.get(0);
    Numbers b = x.get(1);
    long[] shape = OnnxArrangement.broadcast(x, a.shape(), b.shape());
    Numbers base = OnnxArrangement.expanded(x, a, shape);
    Numbers exponent = OnnxArrangement.expanded(x, b, shape);
    Numbers y = x.make(a.type(), shape);
    for (int i = 0; i < y.length(); i++) {
      if (!a.isReal() && !b.isReal() && exponent.whole(i) >= 0) {
        y.set(i, power(base.whole(i), exponent.whole(i)));
      } else {
        y.set(i, Math.pow(base.real(i), exponent.real(i)));
      }
    }
    return y;
  }

  private static long power(long base, long exponent) {
    long y = 1;
    long square = base;
    for (long e = exponent; e > 0; e >>= 1) {
      y *= (e & 1) == 1 ? square : 1;
      square *= square;
    }
    return y;
  }

  private static Numbers clip(Operands x) {
    Numbers a = x.get(0);
    if (!a.isReal()) {
      long low = x.has(1) ? single(x, 1).whole(0) : Long.MIN_VALUE;
      long high = x.has(2) ? single(x, 2).whole(0) : Long.MAX_VALUE;
      return map(x, a, v -> Math.min(Math.max(v, low), high), v -> v);
    }
    double low = x.has(1) ? single(x, 1).real(0) : x.node().number("min", Double.NEGATIVE_INFINITY);
    double high =
        x.has(2) ? single(x, 2).real(0) : x.node().number("max", Double.POSITIVE_INFINITY);
    return map(x, a, v -> v, v -> Math.min(Math.max(v, low), high));
  }

  static Numbers single(Operands x, int i) {
    Numbers one = x.get(i);
    if (one.length() != 1) {
      throw x.node()
          .unsupported("its input %d has %d numbers; supported is one".formatted(i, one.length()));
    }
    return one;
  }

  private static Numbers isNan(Operands x) {
    Numbers a = x.get(0);
    Numbers y = x.make(DataType.BOOL, a.shape());
    for (int i = 0; i < y.length(); i++) {
      y.set(i, Double.isNaN(a.real(i)) ? 1 : 0);
    }
    return y;
  }

  // Types.

  private static Numbers cast(Operands x, DataType type) {
    Numbers a = x.get(0);
    Numbers y = x.make(type, a.shape());
    for (int i = 0; i < y.length(); i++) {
      y.set(i, a, i);
    }
    return y;
  }

  /** Floats of 16 bits are computed with as those of 32. */
  static DataType type(OnnxNode node, long number) {
    return switch ((int) number) {
      case 1, 10, 16 -> DataType.FLOAT;
      case 2 -> DataType.UINT8;
      case 3 -> DataType.INT8;
      case 4 -> DataType.UINT16;
      case 5 -> DataType.INT16;
      case 6 -> DataType.INT32;
      case 7 -> DataType.INT64;
      case 9 -> DataType.BOOL;
      case 11 -> DataType.DOUBLE;
      case 12 -> DataType.UINT32;
      default ->
          throw node.unsupported(
              "to type number %d; supported are float, double, float16, bfloat16, bool and whole"
                      .formatted(number)
                  + " numbers but uint64");
    };
  }

  private static Numbers dequantize(Operands x) {
    Numbers a = x.get(0);
    Numbers scale = alongAxis(x, a, x.get(1));
    Numbers zero = x.has(2) ? alongAxis(x, a, x.get(2)) : x.make(a.type());
    Numbers scales = OnnxArrangement.expanded(x, scale, a.shape());
    Numbers zeros = OnnxArrangement.expanded(x, zero, a.shape());
    Numbers y = x.make(DataType.FLOAT, a.shape());
    for (int i = 0; i < y.length(); i++) {
      y.set(i, (a.real(i) - zeros.real(i)) * scales.real(i));
    }
    return y;
  }

  /** One number for all, or one for each place on the node's axis. */
  private static Numbers alongAxis(Operands x, Numbers a, Numbers given) {
    if (given.length() == 1) {
      return given.shaped();
    }
    int axis = x.axis(x.node().integer("axis", 1), a.rank());
    if (given.rank() != 1 || given.length() != a.shape()[axis]) {
      throw x.node()
          .unsupported(
              "its scales have shape %s; supported is one number, or one for each of axis %d of %s"
                  .formatted(Arrays.toString(given.shape()), axis, Arrays.toString(a.shape())));
    }
    long[] shape = new long[a.rank()];
    Arrays.fill(shape, 1);
    shape[axis] = given.length();
    return given.shaped(shape);
  }

  // Along axes.

  private static void reduction(
      String operator, ToLongFunction<LongStream> whole, ToDoubleFunction<DoubleStream> real) {
    FOLDS.put(operator, x -> reduced(x, whole, real));
  }

  private static Numbers reduced(
      Operands x, ToLongFunction<LongStream> whole, ToDoubleFunction<DoubleStream> real) {
    Numbers a = x.get(0);
    boolean[] over = new boolean[a.rank()];
    long[] axes = x.wholes(1, "axes");
    // Without axes over all of them, or over none, which for a norm is not what is there already.
    boolean none = x.node().integer("noop_with_empty_axes", 0) != 0;
    Arrays.fill(over, axes.length == 0 && !none);
    for (long axis : axes) {
      over[x.axis(axis, a.rank())] = true;
    }
    IntStream all = IntStream.range(0, a.rank());
    int[] kept = IntStream.range(0, a.rank()).filter(i -> !over[i]).toArray();
    int[] gone = all.filter(i -> over[i]).toArray();
    int[] order = IntStream.concat(Arrays.stream(kept), Arrays.stream(gone)).toArray();
    Numbers rows = OnnxArrangement.transposed(x, a, order);
    long[] shape = Arrays.stream(kept).mapToLong(i -> a.shape()[i]).toArray();
    long count = OnnxTensors.length(Arrays.stream(gone).mapToLong(i -> a.shape()[i]).toArray());
    Numbers y = x.make(a.type(), shape);
    for (int i = 0; i < y.length(); i++) {
      int from = (int) (i * count);
      IntStream run = IntStream.range(from, (int) (from + count));
      if (a.isReal()) {
        y.set(i, real.applyAsDouble(run.mapToDouble(rows::real)));
      } else {
        y.set(i, whole.applyAsLong(run.mapToLong(rows::whole)));
      }
    }
    if (x.node().integer("keepdims", 1) == 0) {
      return y;
    }
    long[] ones = a.shape().clone();
    for (int i : gone) {
      ones[i] = 1;
    }
    return y.shaped(ones);
  }

  /** What stands on an axis, for each place on the others: {@code index(i) + k * step}. */
  private record Lines(int count, int length, int step) {

    static Lines of(long[] shape, int axis) {
      int step = (int) OnnxTensors.length(Arrays.copyOfRange(shape, axis + 1, shape.length));
      int length = (int) shape[axis];
      int before = (int) OnnxTensors.length(Arrays.copyOf(shape, axis));
      return new Lines(length == 0 ? 0 : before * step, length, step);
    }

    int index(int line, int k) {
      return (line / step * length + k) * step + line % step;
    }
  }

  /** The index of the largest (1) or smallest (-1) number on an axis. */
  private static Numbers extreme(Operands x, int sign) {
    Numbers a = x.get(0);
    int axis = x.axis(x.node().integer("axis", 0), a.rank());
    boolean last = x.node().integer("select_last_index", 0) != 0;
    Lines lines = Lines.of(a.shape(), axis);
    long[] shape = a.shape().clone();
    shape[axis] = 1;
    Numbers y = x.make(DataType.INT64, shape);
    for (int i = 0; i < lines.count(); i++) {
      int best = 0;
      for (int k = 1; k < lines.length(); k++) {
        int j = lines.index(i, k);
        int b = lines.index(i, best);
        int comparison =
            sign
                * (a.isReal()
                    ? Double.compare(a.real(j), a.real(b))
                    : Long.compare(a.whole(j), a.whole(b)));
        if (comparison > 0 || (last && comparison == 0)) {
          best = k;
        }
      }
      y.set(i, best);
    }
    if (x.node().integer("keepdims", 1) != 0) {
      return y;
    }
    return y.shaped(
        IntStream.range(0, a.rank()).filter(i -> i != axis).mapToLong(i -> shape[i]).toArray());
  }

  private static Numbers cumulativeSum(Operands x) {
    Numbers a = x.get(0);
    Lines lines = Lines.of(a.shape(), x.axis(single(x, 1).whole(0), a.rank()));
    boolean exclusive = x.node().integer("exclusive", 0) != 0;
    boolean reverse = x.node().integer("reverse", 0) != 0;
    Numbers y = x.make(a.type(), a.shape());
    for (int i = 0; i < lines.count(); i++) {
      long whole = 0;
      double real = 0;
      for (int k = 0; k < lines.length(); k++) {
        int j = lines.index(i, reverse ? lines.length() - 1 - k : k);
        long wholeBefore = whole;
        double realBefore = real;
        whole += a.whole(j);
        real += a.real(j);
        if (a.isReal()) {
          y.set(j, exclusive ? realBefore : real);
        } else {
          y.set(j, exclusive ? wholeBefore : whole);
        }
      }
    }
    return y;
  }

  /** Also in training, as PyTorch writes weights that are standardized. */
  private static Numbers batchNormalization(Operands x) {
    Numbers a = x.get(0);
    if (a.rank() < 2) {
      throw x.node().unsupported("of a constant of %d axes".formatted(a.rank()));
    }
    int channels = Math.toIntExact(a.shape()[1]);
    int inner = Math.toIntExact(OnnxTensors.length(Arrays.copyOfRange(a.shape(), 2, a.rank())));
    List<Numbers> given = new ArrayList<>();
    for (int i = 1; i < 5; i++) {
      given.add(x.get(i));
      if (x.shape(i).length != 1 || x.shape(i)[0] != channels) {
        throw x.node()
            .unsupported(
                "with %s for %d channels".formatted(Arrays.toString(x.shape(i)), channels));
      }
    }
    double epsilon = x.node().number("epsilon", 1e-5);
    boolean training = x.node().integer("training_mode", 0) != 0;
    int outer = Math.toIntExact(a.shape()[0]);
    Numbers y = x.make(a.type(), a.shape());
    for (int c = 0; c < channels; c++) {
      double mean = given.get(2).real(c);
      double variance = given.get(3).real(c);
      if (training) {
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < outer * inner; i++) {
          sum += a.real((i / inner * channels + c) * inner + i % inner);
        }
        mean = sum / (outer * inner);
        for (int i = 0; i < outer * inner; i++) {
          double d = a.real((i / inner * channels + c) * inner + i % inner) - mean;
          squares += d * d;
        }
        variance = squares / (outer * inner);
      }
      double scale = given.get(0).real(c) / Math.sqrt(variance + epsilon);
      for (int i = 0; i < outer * inner; i++) {
        int j = (i / inner * channels + c) * inner + i % inner;
        y.set(j, (a.real(j) - mean) * scale + given.get(1).real(c));
      }
    }
    return y;
  }

  private static Numbers softmax(Operands x) {
    Numbers a = x.get(0);
    boolean together = x.node().opset() < 13;
    int axis = x.axis(x.node().integer("axis", together ? 1 : -1), a.rank());
    // Before opset 13 the axes from this one on are taken together.
    long[] shape =
        together
            ? new long[] {
              OnnxTensors.length(Arrays.copyOf(a.shape(), axis)),
              OnnxTensors.length(Arrays.copyOfRange(a.shape(), axis, a.rank()))
            }
            : a.shape();
    Lines lines = Lines.of(shape, together ? 1 : axis);
    Numbers y = x.make(a.type(), a.shape());
    for (int i = 0; i < lines.count(); i++) {
      int line = i;
      double max =
          IntStream.range(0, lines.length())
              .mapToDouble(k -> a.real(lines.index(line, k)))
              .reduce(Double.NEGATIVE_INFINITY, Math::max);
      double sum =
          IntStream.range(0, lines.length())
              .mapToDouble(k -> Math.exp(a.real(lines.index(line, k)) - max))
              .sum();
      for (int k = 0; k < lines.length(); k++) {
        int j = lines.index(i, k);
        y.set(j, Math.exp(a.real(j) - max) / sum);
      }
    }
    return y;
  }

  /** Of weights that are standardized in every run; the statistics are those of the weights. */
  static List<Numbers> normalize(Operands x) {
    Numbers a = x.get(0);
    Numbers[] given = {x.get(1), x.get(2), x.get(3), x.get(4)};
    long channels = a.rank() < 2 ? 1 : a.shape()[1];
    for (Numbers each : given) {
      if (!a.isReal() || each.length() != channels) {
        throw x.node()
            .unsupported(
                "of %s, with %d numbers for each channel"
                    .formatted(Arrays.toString(a.shape()), each.length()));
      }
    }
    int outputs = x.node().proto().getOutputCount();
    // Before opset 14 the statistics as further outputs are what says training.
    boolean training =
        x.node().opset() < 14 ? outputs > 1 : x.node().integer("training_mode", 0) != 0;
    Numbers mean = training ? x.make(a.type(), channels) : given[2];
    Numbers variance = training ? x.make(a.type(), channels) : given[3];
    int inner =
        (int) OnnxTensors.length(Arrays.copyOfRange(a.shape(), Math.min(2, a.rank()), a.rank()));
    Numbers y = x.make(a.type(), a.shape());
    for (int c = 0; c < channels; c++) {
      int start = c * inner;
      int step = (int) channels * inner;
      int[] own =
          IntStream.range(0, a.length() / (step == 0 ? 1 : step) * inner)
              .map(i -> start + i / inner * step + i % inner)
              .toArray();
      if (training) {
        double m = Arrays.stream(own).mapToDouble(a::real).average().orElse(0);
        mean.set(c, m);
        variance.set(
            c, Arrays.stream(own).mapToDouble(i -> Math.pow(a.real(i) - m, 2)).average().orElse(0));
      }
      double scale =
          given[0].real(c) / Math.sqrt(variance.real(c) + x.node().number("epsilon", 1e-5));
      for (int i : own) {
        y.set(i, (a.real(i) - mean.real(c)) * scale + given[1].real(c));
      }
    }
    if (!training) {
      return List.of(y);
    }
    Numbers nextMean = x.make(a.type(), channels);
    Numbers nextVariance = x.make(a.type(), channels);
    double momentum = x.node().number("momentum", 0.9);
    for (int c = 0; c < channels; c++) {
      nextMean.set(c, given[2].real(c) * momentum + mean.real(c) * (1 - momentum));
      nextVariance.set(c, given[3].real(c) * momentum + variance.real(c) * (1 - momentum));
    }
    List<Numbers> all = List.of(y, nextMean, nextVariance, mean, variance);
    return all.subList(0, Math.min(outputs, all.size()));
  }

  // Matrices.

  private static Numbers gemm(Operands x) {
    OnnxNode node = x.node();
    Numbers a = x.get(0);
    Numbers b = x.get(1);
    if (a.rank() != 2 || b.rank() != 2) {
      throw node.unsupported("of constants that are no matrices");
    }
    Numbers left = node.integer("transA", 0) == 0 ? a : OnnxArrangement.transposed(x, a, 1, 0);
    Numbers right = node.integer("transB", 0) == 0 ? b : OnnxArrangement.transposed(x, b, 1, 0);
    Numbers y = product(x, left, right);
    double alpha = node.number("alpha", 1);
    double beta = node.number("beta", 1);
    Numbers c = x.has(2) ? OnnxArrangement.expanded(x, x.get(2), y.shape()) : x.make(a.type(), 1);
    for (int i = 0; i < y.length(); i++) {
      y.set(i, alpha * y.real(i) + beta * c.real(x.has(2) ? i : 0));
    }
    return y;
  }

  /** Matrices in the last two axes; a vector is a row on the left and a column on the right. */
  private static Numbers product(Operands x, Numbers a, Numbers b) {
    sameType(x, a, b);
    if (a.rank() == 0 || b.rank() == 0) {
      throw x.node().unsupported("of a constant without axes");
    }
    Numbers left = a.rank() == 1 ? a.shaped(1, a.length()) : a;
    Numbers right = b.rank() == 1 ? b.shaped(b.length(), 1) : b;
    int p = left.rank();
    int q = right.rank();
    long rows = left.shape()[p - 2];
    long inner = left.shape()[p - 1];
    long columns = right.shape()[q - 1];
    if (right.shape()[q - 2] != inner) {
      throw x.node()
          .unsupported(
              "of matrices that do not fit, %s and %s"
                  .formatted(Arrays.toString(a.shape()), Arrays.toString(b.shape())));
    }
    long[] batch =
        OnnxArrangement.broadcast(
            x, Arrays.copyOf(left.shape(), p - 2), Arrays.copyOf(right.shape(), q - 2));
    x.multiply(OnnxTensors.length(batch), rows, inner, columns);
    Numbers l = OnnxArrangement.expanded(x, left, shape(batch, rows, inner));
    int[] swapped = IntStream.range(0, q).map(i -> i < q - 2 ? i : 2 * q - 3 - i).toArray();
    // Columns as rows, so that both run along memory.
    Numbers r =
        OnnxArrangement.expanded(
            x, OnnxArrangement.transposed(x, right, swapped), shape(batch, columns, inner));
    Numbers y = x.make(a.type(), shape(batch, rows, columns));
    for (int i = 0; i < y.length(); i++) {
      int from = (int) (i / columns * inner);
      int to = (int) ((i / (rows * columns) * columns + i % columns) * inner);
      long whole = 0;
      double real = 0;
      for (int k = 0; k < inner; k++) {
        if (a.isReal()) {
          real += l.real(from + k) * r.real(to + k);
        } else {
          whole += l.whole(from + k) * r.whole(to + k);
        }
      }
      if (a.isReal()) {
        y.set(i, real);
      } else {
        y.set(i, whole);
      }
    }
    if (a.rank() > 1 && b.rank() > 1) {
      return y;
    }
    long[] shape = batch;
    shape = a.rank() > 1 ? shape(shape, rows) : shape;
    shape = b.rank() > 1 ? shape(shape, columns) : shape;
    return y.shaped(shape);
  }

  private static long[] shape(long[] first, long... last) {
    return LongStream.concat(Arrays.stream(first), Arrays.stream(last)).toArray();
  }
}
