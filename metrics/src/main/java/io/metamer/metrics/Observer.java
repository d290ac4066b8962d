package io.metamer.metrics;

import io.metamer.inversion.Regularizer;
import io.metamer.perceptual.PerceptualDistance;
import java.util.List;

/**
 * Answers forced-choice trials: a perceptual distance, or people.
 *
 * @since 0.1
 */
public interface Observer {

  /**
   * The name, as tables and reports show it.
   *
   * @return a short name with what sets it apart from others
   */
  String name();

  /**
   * Answers trials.
   *
   * @param stimuli the images that the trials name, as they are to be seen
   * @param trials what is asked
   * @return one answer for each trial, in their order
   */
  List<Answer> answer(Stimuli stimuli, List<Trial> trials);

  /**
   * The perceptual distances this observer rests on. It cannot judge images that were made with the
   * help of one of them.
   *
   * @return none for people
   * @see Regularizer#distances()
   */
  default List<PerceptualDistance> distances() {
    return List.of();
  }
}
