/** How different two images look. */
@NullMarked
package io.metamer.perceptual;

import org.jspecify.annotations.NullMarked;
