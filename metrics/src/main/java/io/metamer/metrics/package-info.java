/**
 * Forced-choice experiments on inverted images: the trials, the observers that answer them, and the
 * scores with their statistics.
 */
@NullMarked
package io.metamer.metrics;

import org.jspecify.annotations.NullMarked;
