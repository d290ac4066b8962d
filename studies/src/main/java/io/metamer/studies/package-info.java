/** Presets of the literature, and long runs of many searches from one description. */
@NullMarked
package io.metamer.studies;

import org.jspecify.annotations.NullMarked;
