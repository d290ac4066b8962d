/** Tensors by name, from the files that PyTorch, NumPy and safetensors write. */
@NullMarked
package io.metamer.weights;

import org.jspecify.annotations.NullMarked;
