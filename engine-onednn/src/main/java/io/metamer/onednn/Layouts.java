package io.metamer.onednn;

import java.util.Arrays;
import java.util.stream.LongStream;
import org.bytedeco.dnnl.memory;
import org.bytedeco.javacpp.LongPointer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** How numbers lie in memory: in row order, or as convolutions want maps. */
final class Layouts {

  private final memory.format_tag maps;
  private final memory.data_type type;

  /**
   * @param bfloat16 whether maps are kept in bfloat16
   */
  Layouts(boolean bfloat16) {
    maps = Library.instance().maps(bfloat16);
    type = bfloat16 ? memory.data_type.bf16 : memory.data_type.f32;
  }

  /** How many channels lie beside each other in maps. */
  long block() {
    memory.desc one = maps(1, 1, 1, 1);
    return one.get_inner_nblks() == 0 ? 1 : one.get_inner_blks().get();
  }

  /** Maps {@code [N, C, H, W]} as convolutions want them. */
  memory.desc maps(long... shape) {
    return new memory.desc(new LongPointer(shape), type, maps);
  }

  /**
   * Float in an order in which it can be repeated along another tensor: as maps, or in row order.
   */
  memory.desc beside(Tensor other, long... shape) {
    return other.shape().length == 4 && other.in(maps(other.shape()))
        ? new memory.desc(new LongPointer(shape), memory.data_type.f32, maps)
        : plain(shape);
  }

  /** Whichever layout a primitive prefers, in the type of maps. */
  memory.desc any(long... shape) {
    return new memory.desc(new LongPointer(shape), type, memory.format_tag.any);
  }

  /** The type of maps in row order. */
  memory.desc rows(long... shape) {
    return strided(shape, type, rowStrides(shape));
  }

  /** Float in row order, as ND4J has it. */
  static memory.desc plain(long... shape) {
    return strided(shape, memory.data_type.f32, rowStrides(shape));
  }

  /** Float with the given distances between neighbours along each axis. */
  static memory.desc strided(long[] shape, long[] strides) {
    return strided(shape, memory.data_type.f32, strides);
  }

  private static memory.desc strided(long[] shape, memory.data_type type, long[] strides) {
    return new memory.desc(new LongPointer(shape), type, new LongPointer(strides));
  }

  static long[] rowStrides(long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  /** Whether an array's numbers lie in row order; an array that was permuted may say so and lie. */
  static boolean inRowOrder(INDArray array) {
    return array.ordering() == 'c'
        && !array.isView()
        && Arrays.equals(array.stride(), rowStrides(array.shape()));
  }

  static long length(long... shape) {
    return LongStream.of(shape).reduce(1, Math::multiplyExact);
  }

  /** The shape of a batch of examples. */
  static long[] batched(long batch, long... example) {
    return LongStream.concat(LongStream.of(batch), Arrays.stream(example)).toArray();
  }
}
