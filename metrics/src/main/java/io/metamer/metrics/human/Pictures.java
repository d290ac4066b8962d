package io.metamer.metrics.human;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.inversion.InversionResult;
import io.metamer.metrics.Stimuli;
import io.metamer.metrics.Stimulus;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;

/**
 * The images that trials name, in 8 bits, as people see them.
 *
 * @since 0.1
 */
public interface Pictures {

  /**
   * One image.
   *
   * @param stimulus names it
   * @return gray or RGB, all of one size
   * @throws IOException if it is a file that cannot be read
   */
  BufferedImage of(Stimulus stimulus) throws IOException;

  /**
   * The images of a result, as {@link Stimuli} has them.
   *
   * @param result usable until it is closed; stays the caller's
   * @return its targets, seeds and inverted images
   */
  static Pictures of(InversionResult result) {
    Stimuli stimuli = Stimuli.of(result);
    ImageSpec input = result.input();
    ImageSpec unit = new ImageSpec(input.channels(), input.height(), input.width(), 0, 1);
    return stimulus ->
        Images.toBufferedImage(
            stimuli.images(List.of(stimulus)).reshape(unit.channels(), unit.height(), unit.width()),
            unit);
  }
}
