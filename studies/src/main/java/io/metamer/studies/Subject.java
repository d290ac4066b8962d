package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A network that a study inverts.
 *
 * @param name its short name, which is a folder's too: letters, digits, and {@code . _ -} and
 *     blanks between them
 * @param file ONNX, Keras or DL4J
 * @param layers the representation; where it is not given, the preset's
 * @param preprocessing what the network wants done to images in [0, 1]
 * @param classifier the layer whose largest unit is the class, for certificates; none where the
 *     class is not asked for
 * @param shape what the images look like, in [0, 1]; where it is not given, what the file states
 * @since 0.1
 */
public record Subject(
    String name,
    Path file,
    Optional<LayerSelection> layers,
    Preprocessing preprocessing,
    Optional<String> classifier,
    Optional<ImageSpec> shape) {

  public Subject {
    Names.require("name", name);
    file = file.toAbsolutePath().normalize();
    shape.ifPresent(
        s -> {
          if (s.low() != 0 || s.high() != 1) {
            throw new IllegalArgumentException(
                "shape: expected images in [0, 1], got [%s, %s]".formatted(s.low(), s.high()));
          }
        });
  }

  /**
   * A network at the preset's layer, for images of the size that its file states.
   *
   * @param name its short name
   * @param file ONNX, Keras or DL4J
   * @param preprocessing what the network wants done to images in [0, 1]
   * @return the subject
   * @throws IllegalArgumentException if the name cannot be a folder's
   */
  public static Subject of(String name, Path file, Preprocessing preprocessing) {
    return new Subject(
        name, file, Optional.empty(), preprocessing, Optional.empty(), Optional.empty());
  }

  /**
   * Copies with a representation of its own.
   *
   * @param layers which layers
   * @return the copy
   */
  public Subject at(LayerSelection layers) {
    return new Subject(name, file, Optional.of(layers), preprocessing, classifier, shape);
  }

  /**
   * Copies with a classifier.
   *
   * @param layer the layer whose largest unit is the class, such as {@code logits}
   * @return the copy
   */
  public Subject withClassifier(String layer) {
    return new Subject(name, file, layers, preprocessing, Optional.of(layer), shape);
  }

  /**
   * Copies with a size of image.
   *
   * @param shape what the images look like, in [0, 1]
   * @return the copy
   * @throws IllegalArgumentException if the images have other bounds
   */
  public Subject withShape(ImageSpec shape) {
    return new Subject(name, file, layers, preprocessing, classifier, Optional.of(shape));
  }
}
