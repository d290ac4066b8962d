package io.metamer.studies;

import io.metamer.inversion.InversionListener.Iteration;
import java.nio.file.Path;

/**
 * Is told how a study goes on, in the thread that runs it. What it does changes nothing in the
 * study's files.
 *
 * @since 0.1
 */
public interface StudyListener {

  /**
   * Says nothing.
   *
   * @return a listener that ignores what it is told
   */
  static StudyListener none() {
    return new StudyListener() {};
  }

  /**
   * The search for a chunk's images begins.
   *
   * @param chunk which
   */
  default void begins(Chunk chunk) {}

  /**
   * Some of the chunk's images were evaluated.
   *
   * @param chunk which
   * @param iteration as of {@link io.metamer.inversion.InversionListener}; its rows count from the
   *     chunk's first image
   */
  default void evaluated(Chunk chunk, Iteration iteration) {}

  /**
   * A chunk is whole.
   *
   * @param chunk which
   * @param folder where it is
   */
  default void written(Chunk chunk, Path folder) {}

  /**
   * A judge has answered a test about the images of one search, or had before.
   *
   * @param search which, for people: {@code robust, freq_tv_l6, seed 42}
   * @param judge the judge's name
   * @param done how many times judges have answered
   * @param all how many times they will
   */
  default void answered(String search, String judge, int done, int all) {}
}
