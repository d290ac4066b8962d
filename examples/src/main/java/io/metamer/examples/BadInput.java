package io.metamer.examples;

import java.io.Serial;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Optional;

/** Something the user gave cannot be used; the message is one sentence for the user. */
final class BadInput extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  BadInput(String message) {
    super(message);
  }

  BadInput(String message, Throwable cause) {
    super(message, cause);
  }

  /** Refuses if there is a reason to. */
  static void unlessEmpty(Optional<String> why) {
    if (why.isPresent()) {
      throw new BadInput(why.get());
    }
  }

  /** What reading files and preparing a run complain of, as a sentence. */
  static BadInput of(Exception e) {
    if (e instanceof BadInput bad) {
      return bad;
    }
    if (e instanceof NoSuchFileException missing) {
      return new BadInput("there is no %s.".formatted(missing.getFile()), e);
    }
    if (e instanceof NotDirectoryException file) {
      return new BadInput("%s is not a folder.".formatted(file.getFile()), e);
    }
    if (e instanceof AccessDeniedException denied) {
      return new BadInput("access to %s was denied.".formatted(denied.getFile()), e);
    }
    return new BadInput(String.valueOf(e.getMessage()), e);
  }
}
