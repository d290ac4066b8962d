package io.metamer.onednn;

import org.bytedeco.dnnl.memory;

/**
 * Numbers of a network while it is planned: their shape, how they lie, and in which piece of
 * memory.
 *
 * @param shape with the batch axis
 * @param layout how they lie
 * @param slot where they lie
 * @param offset at which byte of it they start
 * @param numbers the library's handle on them
 */
record Tensor(long[] shape, memory.desc layout, Arena.Slot slot, long offset, memory numbers) {

  /** The same numbers of the same slot under another shape or as a part. */
  Tensor view(long[] shape, memory.desc layout) {
    return view(shape, layout, 0);
  }

  /** The same from a later byte on. */
  Tensor view(long[] shape, memory.desc layout, long offset) {
    return slot.tensor(shape, layout, this.offset + offset);
  }

  boolean in(memory.desc layout) {
    return this.layout.equals(layout);
  }

  /** Float in row order. */
  boolean plain() {
    return in(Layouts.plain(shape));
  }
}
