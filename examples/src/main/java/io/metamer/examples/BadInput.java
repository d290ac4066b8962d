package io.metamer.examples;

import java.io.Serial;

/** Something the user gave cannot be used; the message is one sentence for the user. */
final class BadInput extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  BadInput(String message) {
    super(message);
  }

  BadInput(String message, Throwable cause) {
    super(message, cause);
  }
}
