/** Metamer's command line, and programs to read, run and copy. */
@NullMarked
package io.metamer.examples;

import org.jspecify.annotations.NullMarked;
