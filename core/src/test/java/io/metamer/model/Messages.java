package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.function.Executable;

/** Refusals whose messages say what was wrong. */
final class Messages {

  private Messages() {}

  static void assertRefused(Class<? extends Exception> kind, Executable call, String... parts) {
    String message = String.valueOf(assertThrows(kind, call).getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
