package io.metamer.inversion;

import io.metamer.image.ImageSpec;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a search is given: the images whose representations it matches, and where it starts.
 *
 * @param input what the images look like
 * @param targets shape {@code [N, C, H, W]}, values in the bounds of {@code input}
 * @param seeds the same shape, clipped to the bounds
 * @since 0.1
 */
public record InversionProblem(ImageSpec input, INDArray targets, INDArray seeds) {}
