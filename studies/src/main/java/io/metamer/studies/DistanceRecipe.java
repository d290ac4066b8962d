package io.metamer.studies;

import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Dists;
import io.metamer.perceptual.FeatureDistance;
import io.metamer.perceptual.Lpips;
import io.metamer.perceptual.MultiScaleStructuralSimilarity;
import io.metamer.perceptual.PixelDistance;
import io.metamer.perceptual.StructuralSimilarity;
import java.nio.file.Path;
import java.util.List;

/**
 * A perceptual distance of a study: what a search works against, or a judge of what it found.
 *
 * <p>A recipe names files. They are read, and their weights hashed, when a {@link StudyRun} is
 * prepared.
 *
 * @since 0.1
 */
public sealed interface DistanceRecipe {

  /**
   * A distance of pixels, which needs no weights.
   *
   * @param formula which one
   * @since 0.1
   */
  record OfPixels(Formula formula) implements DistanceRecipe {

    /** The formulas. */
    public enum Formula {
      /** {@link StructuralSimilarity}. */
      SSIM,
      /** {@link MultiScaleStructuralSimilarity}. */
      MS_SSIM,
      /** {@link PixelDistance}. */
      L2
    }
  }

  /**
   * LPIPS.
   *
   * @param trunk which network
   * @param heads which weights of its channels
   * @param weights the folder of its files, as {@link Lpips#load(Path, Lpips.Trunk, Lpips.Heads)}
   *     takes it
   * @since 0.1
   */
  record OfLpips(Lpips.Trunk trunk, Lpips.Heads heads, Path weights) implements DistanceRecipe {

    public OfLpips {
      weights = weights.toAbsolutePath().normalize();
    }
  }

  /**
   * DISTS.
   *
   * @param vgg16 torchvision's VGG16, as {@link Dists#load} takes it
   * @param weights the authors' weights
   * @since 0.1
   */
  record OfDists(Path vgg16, Path weights) implements DistanceRecipe {

    public OfDists {
      vgg16 = vgg16.toAbsolutePath().normalize();
      weights = weights.toAbsolutePath().normalize();
    }
  }

  /**
   * The features of a network, all channels weighted alike: {@link FeatureDistance}.
   *
   * @param name as tables show it; says which network and layers
   * @param file ONNX, Keras or DL4J
   * @param layers names of layers, at least one, each once
   * @param preprocessing what the network wants done to images in [0, 1]
   * @since 0.1
   */
  record OfFeatures(String name, Path file, List<String> layers, Preprocessing preprocessing)
      implements DistanceRecipe {

    public OfFeatures {
      file = file.toAbsolutePath().normalize();
      layers = List.copyOf(layers);
      if (name.isBlank()) {
        throw new IllegalArgumentException("name: expected one, got \"%s\"".formatted(name));
      }
      if (layers.isEmpty() || layers.stream().distinct().count() < layers.size()) {
        throw new IllegalArgumentException(
            "layers: expected one or more, each once, got " + layers);
      }
    }
  }
}
