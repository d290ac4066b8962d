/** Losses that score each example of a batch and know their gradient. */
@NullMarked
package io.metamer.loss;

import org.jspecify.annotations.NullMarked;
