/**
 * Frozen networks as typed nodes, and the engines that run them forward and back to their input.
 */
@NullMarked
package io.metamer.network;

import org.jspecify.annotations.NullMarked;
