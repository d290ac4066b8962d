/** Penalties on images, as the literature uses them. */
@NullMarked
package io.metamer.regularizers;

import org.jspecify.annotations.NullMarked;
