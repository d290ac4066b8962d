package io.metamer.image;

/**
 * Random numbers whose bits are the same on every machine and JDK: SplitMix64 (Steele, Lea and
 * Flood, 2014), and the transform of Box and Muller (1958) in {@link StrictMath}. The JDK specifies
 * neither {@code SplittableRandom} nor {@code nextGaussian} to the bit.
 */
final class Noise {

  private static final long GAMMA = 0x9E3779B97F4A7C15L;

  private long state;
  private double spare = Double.NaN;

  /** One of 2^64 streams of a seed; different streams have nothing to do with each other. */
  Noise(long seed, long stream) {
    state = mix(mix(seed + GAMMA) + (stream + 1) * GAMMA);
  }

  /** Uniform in [0, 1). */
  double uniform() {
    state += GAMMA;
    return (mix(state) >>> 11) * 0x1p-53;
  }

  /** Uniform in 0, 1, ... n - 1. */
  int below(int n) {
    return (int) (n * uniform());
  }

  /** Normal with mean 0 and standard deviation 1. */
  double normal() {
    if (!Double.isNaN(spare)) {
      double z = spare;
      spare = Double.NaN;
      return z;
    }
    // 1 - u lies in (0, 1]: its logarithm is finite.
    double radius = Math.sqrt(-2 * StrictMath.log(1 - uniform()));
    double angle = 2 * Math.PI * uniform();
    spare = radius * StrictMath.sin(angle);
    return radius * StrictMath.cos(angle);
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
