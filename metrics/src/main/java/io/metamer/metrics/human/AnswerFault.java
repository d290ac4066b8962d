package io.metamer.metrics.human;

/**
 * Something wrong with answers, which for that do not count.
 *
 * @param kind what is wrong
 * @param file its name
 * @param row the answer in the file, from 1; 0 if it is the file, or an answer that is missing
 * @param detail what was found and what was expected
 * @since 0.1
 */
public record AnswerFault(Kind kind, String file, int row, String detail) {

  /** What may be wrong. */
  public enum Kind {
    /** The file is none that the site makes; nothing of it counts. */
    NO_ANSWERS("no file of answers", true),
    /** The file was changed after the site had made it; nothing of it counts. */
    EDITED("edited", true),
    /** The file belongs to another study; nothing of it counts. */
    OTHER_STUDY("another study's answers", true),
    /** There is an earlier file of the same person; nothing of this one counts. */
    SECOND_FILE("a second file of one participant", true),
    /** The study has no such trial; the answer does not count. */
    UNKNOWN_TRIAL("no such trial", false),
    /** The trial was answered already; the first answer counts. */
    DUPLICATE("answered again, the first answer counts", false),
    /** What was shown or chosen is not what this person was to see; the answer does not count. */
    OTHER_IMAGES("not what this participant was shown", false),
    /** The trial has no answer that counts. */
    MISSING("not answered", false);

    private final String words;
    private final boolean ofFile;

    Kind(String words, boolean ofFile) {
      this.words = words;
      this.ofFile = ofFile;
    }

    /**
     * Whether nothing of the file counts.
     *
     * @return false if it is about one answer
     */
    public boolean ofFile() {
      return ofFile;
    }
  }

  /** In words: {@code p3.json, row 17: no such trial, 8f0a}. */
  @Override
  public String toString() {
    return "%s%s: %s%s"
        .formatted(
            file,
            row == 0 ? "" : ", row " + row,
            kind.words,
            detail.isEmpty() ? "" : ", " + detail);
  }
}
