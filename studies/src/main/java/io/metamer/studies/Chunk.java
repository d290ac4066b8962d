package io.metamer.studies;

import java.nio.file.Path;
import java.util.List;

/**
 * The unit of work of a study: some targets in a row, inverted through one network with one
 * regularizer from one seed.
 *
 * @param network the subject's name
 * @param regularizer the penalty's name
 * @param seed which noise the searches start from
 * @param index which chunk of these, from 0
 * @param first the study's number of its first target
 * @param targets their names, in order
 * @param evaluations of single images, at most: {@code N * (iterations + 1)}
 * @param key SHA-256 of all that its images depend on; 64 hexadecimal digits
 * @see StudyRun
 * @since 0.1
 */
public record Chunk(
    String network,
    String regularizer,
    long seed,
    int index,
    int first,
    List<String> targets,
    long evaluations,
    String key) {

  /** Digits of the key in a folder's name. */
  private static final int DIGITS = 8;

  public Chunk {
    targets = List.copyOf(targets);
  }

  /**
   * Where it is, in the folder of its study.
   *
   * @return {@code NETWORK/REGULARIZER/seed-SEED/chunk-INDEX-KEY}, with the key's first eight
   *     digits
   */
  public Path folder() {
    return Path.of(
        network,
        regularizer,
        "seed-" + seed,
        "chunk-%03d-%s".formatted(index, key.substring(0, DIGITS)));
  }

  /** For people: {@code robust, freq_tv_l6, seed 42, chunk 3}. */
  @Override
  public String toString() {
    return "%s, %s, seed %d, chunk %d".formatted(network, regularizer, seed, index);
  }
}
