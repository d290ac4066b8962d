/** The engine that runs graphs with ND4J's own operations. Found by name; users need not see it. */
@NullMarked
package io.metamer.network.nd4j;

import org.jspecify.annotations.NullMarked;
