package io.metamer.image;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * {@link Parameterization.Fourier}. The transform is two matrix products, along rows and along
 * columns, so that its gradient is the same two transposed and odd sizes are like even ones.
 *
 * <p>The image of coefficients Z = R + i I is {@code Re(F Z) * cosines - Im(F Z) * sines} with F =
 * C + i S the inverse transform along columns. With R and I side by side in the rows of Z, that is
 * {@code C (Z A) + S (Z B)}.
 */
final class FourierCoordinates implements Coordinates {

  /** What the image is divided by before the sigmoid, lest it saturate: lucid's. */
  private static final double DIVISOR = 4;

  /**
   * The least distance from a bound that {@link #of} sees, on the scale of [0, 1]: at a bound, the
   * coordinates are infinite. A quarter of an 8-bit level leaves 8-bit images as they are.
   */
  private static final double MARGIN = 0.25 / 255;

  /** Colours of natural images: the root of their covariance, lucid's. */
  private static final double[][] COLOURS = {
    {0.26, 0.09, 0.02}, {0.27, 0, -0.05}, {0.27, -0.09, 0.03}
  };

  private final ImageSpec spec;
  private final DataType type;
  private final boolean clamped;
  private final int rowLength;
  private final INDArray across; // [2 (W / 2 + 1), 2 W], A and B side by side
  private final INDArray acrossTransposed;
  private final INDArray down; // [H, 2 H], the columns of C and S in turn
  private final INDArray downTransposed;
  private final INDArray colours; // [C, C], with the divisor
  private final INDArray coloursTransposed;
  private final INDArray coloursInverse;
  private final INDArray scale; // [1, 1, H, 2 (W / 2 + 1)]
  private final INDArray inverseScale; // what undoes the scale after the transposed transform

  FourierCoordinates(Parameterization.Fourier fourier, ImageSpec spec, DataType type) {
    this.spec = spec;
    this.type = type;
    clamped = fourier.clamped();
    int height = spec.height();
    int width = spec.width();
    rowLength = 2 * (width / 2 + 1);
    double[][] across = new double[rowLength][2 * width];
    double[][] scale = new double[height][rowLength];
    double[][] inverseScale = new double[height][rowLength];
    for (int k = 0; k < rowLength / 2; k++) {
      // All frequencies but 0 and, of even widths, the last also stand for their negatives.
      double weight = k == 0 || 2 * k == width ? 1 : 2;
      for (int j = 0; j < width; j++) {
        double cosine = weight * cosine(k * j, width);
        double sine = weight * sine(k * j, width);
        across[2 * k][j] = cosine;
        across[2 * k + 1][j] = -sine;
        across[2 * k][width + j] = -sine;
        across[2 * k + 1][width + j] = -cosine;
      }
      for (int u = 0; u < height; u++) {
        double frequency =
            Math.hypot((double) Math.min(u, height - u) / height, (double) k / width);
        double s = Math.pow(Math.max(frequency, 1.0 / Math.max(height, width)), -fourier.decay());
        Arrays.fill(scale[u], 2 * k, 2 * k + 2, s);
        Arrays.fill(inverseScale[u], 2 * k, 2 * k + 2, 1 / (weight * s));
      }
    }
    double[][] down = new double[height][2 * height];
    for (int i = 0; i < height; i++) {
      for (int u = 0; u < height; u++) {
        down[i][2 * u] = cosine(u * i, height);
        down[i][2 * u + 1] = sine(u * i, height);
      }
    }
    double[][] colours = colours(spec.channels());
    this.across = array(across);
    acrossTransposed = array(transposed(across));
    this.down = kernel(down);
    downTransposed = kernel(transposed(down));
    this.colours = kernel(colours);
    coloursTransposed = kernel(transposed(colours));
    coloursInverse = kernel(inverse(colours));
    this.scale = array(scale).reshape(1, 1, height, rowLength);
    this.inverseScale = array(inverseScale).reshape(1, 1, height, rowLength);
  }

  @Override
  public INDArray of(INDArray images) {
    spec.check(images, "images");
    INDArray unit = Nd4j.math().clipByValue(spec.toUnit(images.castTo(type)), MARGIN, 1 - MARGIN);
    INDArray logit = Transforms.log(unit.div(unit.rsub(1)), false);
    return transposedTransform(mixed(coloursInverse, logit)).muli(inverseScale);
  }

  @Override
  public INDArray images(INDArray z) {
    return spec.clip(unit(z).muli(spec.high() - spec.low()).addi(spec.low()));
  }

  @Override
  public INDArray pullBack(INDArray z, INDArray gradient) {
    INDArray unit = unit(z);
    INDArray slope = unit.rsub(1).muli(unit).muli(spec.high() - spec.low()).muli(gradient);
    return transposedTransform(mixed(coloursTransposed, slope)).muli(scale);
  }

  @Override
  public double low() {
    return clamped ? 0 : Double.NEGATIVE_INFINITY;
  }

  @Override
  public double high() {
    return clamped ? 1 : Double.POSITIVE_INFINITY;
  }

  /** The images on the scale of [0, 1]. */
  private INDArray unit(INDArray z) {
    long[] shape = {z.size(0), spec.channels(), spec.height(), rowLength};
    if (!Arrays.equals(shape, z.shape()) || z.dataType() != type) {
      throw new IllegalArgumentException(
          "expected %s coordinates of shape [N, %d, %d, %d], got %s of shape %s"
              .formatted(
                  type, shape[1], shape[2], shape[3], z.dataType(), Arrays.toString(z.shape())));
    }
    long planes = shape[0] * shape[1];
    INDArray rows = z.mul(scale).reshape('c', planes * spec.height(), rowLength).mmul(across, 'c');
    INDArray waves = mixed(down, rows.reshape('c', planes, 2L * spec.height(), 1, spec.width()));
    return Transforms.sigmoid(mixed(colours, waves.reshape('c', spec.shape(shape[0]))), false);
  }

  /** From planes, shape {@code [N, C, H, W]}, to the shape of coordinates. */
  private INDArray transposedTransform(INDArray images) {
    long n = images.size(0);
    long planes = n * spec.channels();
    INDArray waves =
        mixed(downTransposed, images.reshape('c', planes, spec.height(), 1, spec.width()));
    return waves
        .reshape('c', planes * spec.height(), 2L * spec.width())
        .mmul(acrossTransposed, 'c')
        .reshape('c', n, spec.channels(), spec.height(), rowLength);
  }

  /** A matrix times each column of maps along their second axis; see docs/nd4j.md for the way. */
  private static INDArray mixed(INDArray kernel, INDArray maps) {
    INDArray result =
        Nd4j.createUninitialized(
            maps.dataType(), maps.size(0), kernel.size(0), maps.size(2), maps.size(3));
    Nd4j.exec(
        DynamicCustomOp.builder("conv2d")
            .addInputs(maps, kernel)
            .addOutputs(result)
            .addIntegerArguments(1, 1, 1, 1, 0, 0, 1, 1, 0, 0, 1)
            .build());
    return result;
  }

  private static double[][] colours(int channels) {
    if (channels != 3) {
      double[][] none = new double[channels][channels];
      for (int c = 0; c < channels; c++) {
        none[c][c] = 1 / DIVISOR;
      }
      return none;
    }
    double[][] mixing = transposed(COLOURS);
    double longest =
        Arrays.stream(mixing)
            .mapToDouble(column -> Math.sqrt(Arrays.stream(column).map(v -> v * v).sum()))
            .max()
            .orElseThrow();
    for (double[] column : mixing) {
      for (int c = 0; c < channels; c++) {
        column[c] /= longest * DIVISOR;
      }
    }
    return transposed(mixing);
  }

  /** Of a matrix of three rows, by Cramer's rule; of others, which are diagonal, by element. */
  private static double[][] inverse(double[][] m) {
    double[][] inverse = new double[m.length][m.length];
    for (int i = 0; i < m.length; i++) {
      if (m.length != 3) {
        inverse[i][i] = 1 / m[i][i];
        continue;
      }
      for (int j = 0; j < 3; j++) {
        double determinant = 0;
        for (int k = 0; k < 3; k++) {
          determinant += m[0][k] * cofactor(m, 0, k);
        }
        inverse[j][i] = cofactor(m, i, j) / determinant;
      }
    }
    return inverse;
  }

  private static double cofactor(double[][] m, int i, int j) {
    int[] next = {1, 2, 0};
    int[] last = {2, 0, 1};
    return m[next[i]][next[j]] * m[last[i]][last[j]] - m[next[i]][last[j]] * m[last[i]][next[j]];
  }

  /** Cosine of a number of steps around a circle of n, over the root of n. */
  private static double cosine(int steps, int n) {
    return Math.cos(2 * Math.PI * (steps % n) / n) / Math.sqrt(n);
  }

  /** Sine likewise, and exactly 0 half the way round. */
  private static double sine(int steps, int n) {
    return 2 * (steps % n) == n ? 0 : Math.sin(2 * Math.PI * (steps % n) / n) / Math.sqrt(n);
  }

  private static double[][] transposed(double[][] m) {
    double[][] transposed = new double[m[0].length][m.length];
    for (int i = 0; i < m.length; i++) {
      for (int j = 0; j < m[0].length; j++) {
        transposed[j][i] = m[i][j];
      }
    }
    return transposed;
  }

  private INDArray array(double[][] matrix) {
    return Nd4j.createFromArray(matrix).castTo(type);
  }

  private INDArray kernel(double[][] matrix) {
    return array(matrix).reshape('c', matrix.length, matrix[0].length, 1, 1);
  }
}
