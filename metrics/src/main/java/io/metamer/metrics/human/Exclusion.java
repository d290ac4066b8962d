package io.metamer.metrics.human;

/**
 * A person who was left out, and why.
 *
 * @param participant who
 * @param file whose answers these are
 * @param reason which rule
 * @param detail what was found and what the rule asks for
 * @since 0.1
 */
public record Exclusion(String participant, String file, Reason reason, String detail) {

  /** Which rule. */
  public enum Reason {
    /** Too few attention checks were right. */
    FAILED_CHECKS("failed checks"),
    /** Too many choices were made too fast. */
    TOO_FAST("too fast"),
    /** Not every trial has an answer that counts. */
    INCOMPLETE("incomplete");

    private final String words;

    Reason(String words) {
      this.words = words;
    }
  }

  /** In words: {@code p3 (p3.json): failed checks, 2 of 5 right, expected 80 %}. */
  @Override
  public String toString() {
    return "%s (%s): %s, %s".formatted(participant, file, reason.words, detail);
  }
}
