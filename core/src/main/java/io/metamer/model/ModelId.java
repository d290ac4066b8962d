package io.metamer.model;

import java.util.Optional;

/**
 * Which network, which of its layers, and what is done to images first: what a result says it came
 * from.
 *
 * @param name a short name for tables, usually the file's without its ending
 * @param sha256 the SHA-256 of the file, or of the weights where there is no file; 64 hexadecimal
 *     digits
 * @param layer the name of the layer, or the text of a {@link LayerSelection} of exact names
 * @param preprocessing what is done to images before the network
 * @param inside what the network itself does to them before its first layer, where that can be
 *     seen: it comes after {@code preprocessing}, and should be no second go at the same
 * @since 0.1
 */
public record ModelId(
    String name,
    String sha256,
    String layer,
    Preprocessing preprocessing,
    Optional<Preprocessing> inside) {

  /**
   * Of a network that is not seen to normalise inside.
   *
   * @param name a short name for tables
   * @param sha256 of the file or the weights; 64 hexadecimal digits
   * @param layer the name of the layer
   * @param preprocessing what is done to images before the network
   */
  public ModelId(String name, String sha256, String layer, Preprocessing preprocessing) {
    this(name, sha256, layer, preprocessing, Optional.empty());
  }

  /**
   * Whether images are normalised both before the network and in it. That is right where the two
   * follow one another, such as a scale of 255 before a network that divides by 255, and a mistake
   * where they are the same.
   *
   * @return whether there is a preprocessing other than none, and one inside
   */
  public boolean isNormalizedTwice() {
    return inside.isPresent() && preprocessing.changesPixels();
  }
}
