package io.metamer.image;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A {@link Parameterization} of images of one kind: maps between images and coordinates, of which
 * each image has its own. Batches of either are arrays of four axes, the first the image's.
 *
 * @since 0.1
 */
public sealed interface Coordinates permits PixelCoordinates, FourierCoordinates {

  /**
   * The coordinates of images.
   *
   * @param images shape {@code [N, C, H, W]}; not changed
   * @return pixels: the images. Fourier: shape {@code [N, C, H, 2 (W / 2 + 1)]}, each row the real
   *     and imaginary parts in turn, of the images clipped to a quarter of an 8-bit level within
   *     the bounds. May be the array given
   */
  INDArray of(INDArray images);

  /**
   * The images at coordinates.
   *
   * @param z coordinates of N images; not changed
   * @return shape {@code [N, C, H, W]}, in the bounds wherever z is admissible; may be the array
   *     given
   */
  INDArray images(INDArray z);

  /**
   * Pulls a gradient back from images to coordinates.
   *
   * @param z coordinates of N images; not changed
   * @param gradient of a loss, at the images of z; not changed
   * @return the gradient at z of the loss as a function of coordinates; may be the array given
   */
  INDArray pullBack(INDArray z, INDArray gradient);

  /**
   * The least value that a coordinate may have.
   *
   * @return minus infinity, if any
   */
  double low();

  /**
   * The largest value that a coordinate may have.
   *
   * @return infinity, if any
   */
  double high();
}
