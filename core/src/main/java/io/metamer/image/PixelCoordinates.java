package io.metamer.image;

import org.nd4j.linalg.api.ndarray.INDArray;

/** {@link Parameterization#PIXELS}: every map is the identity. */
record PixelCoordinates(ImageSpec spec) implements Coordinates {

  @Override
  public INDArray of(INDArray images) {
    return images;
  }

  @Override
  public INDArray images(INDArray z) {
    return z;
  }

  @Override
  public INDArray pullBack(INDArray z, INDArray gradient) {
    return gradient;
  }

  @Override
  public double low() {
    return spec.low();
  }

  @Override
  public double high() {
    return spec.high();
  }
}
