package io.metamer.onednn;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.binary;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The steps of one direction, in order. */
final class Tape {

  private final Arena arena;
  private final engine cpu = Library.instance().engine();
  private final stream queue = new stream(cpu);
  private final List<Runnable> steps = new ArrayList<>();

  Tape(Arena arena) {
    this.arena = arena;
  }

  /** An array that lives as long as the network. */
  INDArray array(long... shape) {
    return arena.array(shape);
  }

  /**
   * One primitive, ready to run.
   *
   * @param tensors keeps alive what the arguments point to
   */
  private record Step(primitive function, stream queue, IntMemoryMap map, List<Tensor> tensors)
      implements Runnable {
    @Override
    public void run() {
      function.execute(queue, map);
    }
  }

  /** Attributes of a primitive whose scratch memory is the arena's. */
  static primitive_attr attributes() {
    primitive_attr attributes = new primitive_attr();
    attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user);
    return attributes;
  }

  /** The same with what is done to each result before it is written. */
  static primitive_attr attributes(post_ops after) {
    primitive_attr attributes = attributes();
    attributes.set_post_ops(after);
    return attributes;
  }

  /** The number of the second argument of a binary operation that comes after a primitive. */
  static int after(int position) {
    return dnnl.DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE * (position + 1) | dnnl.DNNL_ARG_SRC_1;
  }

  /** Records a primitive with its arguments, by their numbers. */
  void run(primitive_desc_base description, Map<Integer, Tensor> arguments) {
    arena.tick();
    IntMemoryMap map = new IntMemoryMap();
    arguments.forEach((number, tensor) -> put(map, number, tensor));
    memory.desc scratchpad = description.scratchpad_desc();
    if (scratchpad.get_size() > 0) {
      put(
          map,
          dnnl.DNNL_ARG_SCRATCHPAD,
          arena.take(new long[] {scratchpad.get_size()}, scratchpad));
    }
    primitive function = new primitive(description.get());
    steps.add(new Step(function, queue, map, List.copyOf(arguments.values())));
  }

  private void put(IntMemoryMap map, int number, Tensor tensor) {
    arena.use(tensor);
    map.put(number, tensor.numbers());
  }

  /** Records something else, which uses the tensors. */
  void run(Runnable step, List<Tensor> tensors) {
    arena.tick();
    tensors.forEach(arena::use);
    steps.add(step);
  }

  Tensor take(long[] shape, memory.desc layout) {
    return arena.take(shape, layout);
  }

  /** Copies numbers of one shape from one layout or type to another. */
  void copy(Tensor from, Tensor to) {
    run(
        new reorder.primitive_desc(cpu, from.layout(), cpu, to.layout(), attributes(), false),
        Map.of(dnnl.DNNL_ARG_FROM, from, dnnl.DNNL_ARG_TO, to));
  }

  /** The same numbers in a layout: the tensor itself, or a copy. */
  Tensor in(memory.desc layout, Tensor tensor) {
    if (tensor.in(layout)) {
      return tensor;
    }
    Tensor copy = take(tensor.shape(), layout);
    copy(tensor, copy);
    return copy;
  }

  /** The same numbers as float in row order. */
  Tensor plain(Tensor tensor) {
    return in(Layouts.plain(tensor.shape()), tensor);
  }

  /** {@code result = a <operator> b}, where b may be repeated along axes of size 1. */
  void binary(dnnl.algorithm operator, Tensor a, Tensor b, Tensor result) {
    run(
        new binary.primitive_desc(
            cpu, operator, a.layout(), b.layout(), result.layout(), attributes(), false),
        Map.of(dnnl.DNNL_ARG_SRC_0, a, dnnl.DNNL_ARG_SRC_1, b, dnnl.DNNL_ARG_DST, result));
  }

  void add(Tensor a, Tensor b, Tensor sum) {
    binary(dnnl.algorithm.binary_add, a, b, sum);
  }

  void multiply(Tensor a, Tensor b, Tensor product) {
    binary(dnnl.algorithm.binary_mul, a, b, product);
  }

  void run() {
    steps.forEach(Runnable::run);
    queue._wait();
  }
}
