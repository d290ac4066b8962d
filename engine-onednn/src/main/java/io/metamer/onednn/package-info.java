/** The engine that runs graphs with oneDNN's primitives. Found by name; users need not see it. */
@NullMarked
package io.metamer.onednn;

import org.jspecify.annotations.NullMarked;
