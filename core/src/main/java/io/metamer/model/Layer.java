package io.metamer.model;

import java.util.Arrays;

/**
 * A layer of a network whose output can be read.
 *
 * @param name its name, as {@link Network#at} takes it
 * @param kind what it computes, in lower case ("convolution", "relu", "dense")
 * @param shape of its output for one image, without the batch axis
 * @param parameters how many weights it has; weights that layers share are the first one's
 * @since 0.1
 */
public record Layer(String name, String kind, long[] shape, long parameters) {

  @Override
  public String toString() {
    return "%s (%s) %s".formatted(name, kind, Arrays.toString(shape));
  }
}
