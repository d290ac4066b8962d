/** Images as arrays: their shape and bounds, files, and the seeds that searches start from. */
@NullMarked
package io.metamer.image;

import org.jspecify.annotations.NullMarked;
