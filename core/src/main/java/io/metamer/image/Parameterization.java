package io.metamer.image;

import org.nd4j.linalg.api.buffer.DataType;

/**
 * The numbers that a search changes: pixels, or others that images are computed from.
 *
 * @since 0.1
 */
public sealed interface Parameterization {

  /** The pixels themselves. */
  Parameterization PIXELS = Pixels.PIXELS;

  /** {@link Parameterization#PIXELS}. */
  enum Pixels implements Parameterization {
    /** The one value. */
    PIXELS;

    @Override
    public Coordinates bind(ImageSpec spec, DataType type) {
      return new PixelCoordinates(spec);
    }
  }

  /**
   * Fourier coefficients of decorrelated colours, through a sigmoid: a step of one length changes
   * low frequencies more than high ones, and no pixel can leave the bounds.
   *
   * <p>With coefficients z, {@code image = low + (high - low) sigmoid(M irfft2(s z) / 4)}, where
   * irfft2 is the orthonormal inverse transform, {@code s = 1 / max(f, 1 / max(H, W))^decay} with
   * the frequency f in cycles a pixel, and M mixes the colours of each pixel as they go together in
   * natural images. Images of other than three channels have no colours: there, M is the identity.
   *
   * @param decay the exponent of the frequency, finite and at least 0; 1 as published
   * @param clamped whether coefficients are clipped to [0, 1] after each step. The code released
   *     with Nanda et al. (2023) does so by mistake, since what it steps in is no longer pixels
   * @see "Olah, Mordvintsev and Schubert (2017), Feature visualization; lucid and lucent,
   *     optvis/param; Nanda et al. (2023), human_nn_alignment/fft_image.py"
   */
  record Fourier(double decay, boolean clamped) implements Parameterization {
    public Fourier {
      if (!(decay >= 0 && decay < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("expected a finite decay of at least 0, got " + decay);
      }
    }

    @Override
    public Coordinates bind(ImageSpec spec, DataType type) {
      return new FourierCoordinates(this, spec, type);
    }
  }

  /**
   * Fourier coefficients with the published decay of 1, unclamped.
   *
   * @return the parameterization
   */
  static Fourier fourier() {
    return new Fourier(1, false);
  }

  /**
   * The parameterization of images of one kind.
   *
   * @param spec what the images look like
   * @param type of the arrays that will be given, FLOAT or DOUBLE
   * @return pure maps between images and coordinates; they keep their constants in the memory
   *     workspace that is open, if any
   */
  Coordinates bind(ImageSpec spec, DataType type);
}
