package io.metamer.onednn;

import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.javacpp.LongPointer;

/** The native library, loaded once, and what it is best at on this processor. */
final class Library {

  /** Loads on first use. */
  private static final class Loaded {
    static final Library INSTANCE = new Library();
  }

  private final engine cpu = new engine(org.bytedeco.dnnl.engine.kind.cpu, 0);
  private final memory.format_tag floats = fastest(memory.data_type.f32);
  private final boolean bfloat16 = hasBfloat16();
  private final memory.format_tag shorts = bfloat16 ? fastest(memory.data_type.bf16) : floats;

  private Library() {}

  static Library instance() {
    return Loaded.INSTANCE;
  }

  /** Whether the library is on the class path, is for this machine, and loads. */
  static boolean usable() {
    try {
      return !instance().cpu.isNull();
    } catch (LinkageError e) {
      return false;
    }
  }

  engine engine() {
    return cpu;
  }

  /** Whether the processor multiplies in bfloat16; it could be emulated, but slowly. */
  boolean bfloat16() {
    return bfloat16;
  }

  /** The layout of maps in which convolutions are fastest, forward and back. */
  memory.format_tag maps(boolean bfloat16) {
    return bfloat16 ? shorts : floats;
  }

  private static boolean hasBfloat16() {
    int isa = dnnl.dnnl_get_effective_cpu_isa();
    int wanted = dnnl.dnnl_cpu_isa_avx512_core_bf16;
    return (isa & wanted) == wanted;
  }

  /**
   * Asks a common convolution which layout its gradient is best computed in. Forward, that layout
   * is as fast as any on the processors seen; a layout that differs between the two directions
   * would have to be converted at every node.
   */
  private memory.format_tag fastest(memory.data_type type) {
    LongPointer ones = new LongPointer(1, 1);
    memory.desc maps = any(type, 8, 64, 32, 32);
    memory.desc weights = any(type, 64, 64, 3, 3);
    convolution_forward.primitive_desc forward =
        new convolution_forward.primitive_desc(
            cpu,
            dnnl.prop_kind.forward_training,
            dnnl.algorithm.convolution_direct,
            maps,
            weights,
            maps,
            ones,
            ones,
            ones,
            new primitive_attr(),
            false);
    memory.desc best =
        new convolution_backward_data.primitive_desc(
                cpu,
                dnnl.algorithm.convolution_direct,
                maps,
                weights,
                maps,
                ones,
                ones,
                ones,
                forward,
                new primitive_attr(),
                false)
            .diff_src_desc();
    if (best.get_inner_nblks() == 1) {
      return best.get_inner_blks().get() == 16
          ? memory.format_tag.nChw16c
          : memory.format_tag.nChw8c;
    }
    return memory.format_tag.nhwc;
  }

  private static memory.desc any(memory.data_type type, long... shape) {
    return new memory.desc(new LongPointer(shape), type, memory.format_tag.any);
  }
}
