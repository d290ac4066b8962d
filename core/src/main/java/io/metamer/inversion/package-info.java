/** The search for identically represented inputs. */
@NullMarked
package io.metamer.inversion;

import org.jspecify.annotations.NullMarked;
