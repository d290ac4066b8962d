package io.metamer.model;

import java.io.Serial;

/**
 * A network file was read, and holds something that Metamer cannot run. The message names the node,
 * its operator and what is supported.
 *
 * @since 0.1
 */
public final class UnsupportedModelException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the node, the operator and what is supported
   */
  public UnsupportedModelException(String message) {
    super(message);
  }
}
