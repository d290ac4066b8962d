/** Kernels timed by JMH. */
@org.jspecify.annotations.NullMarked
package io.metamer.benchmarks;
