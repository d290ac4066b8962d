package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.loss.DifferentiableLoss;
import io.metamer.loss.ValueAndGradient;
import io.metamer.model.Network;
import io.metamer.model.Taps;
import io.metamer.perceptual.Card;
import io.metamer.perceptual.Dists;
import io.metamer.perceptual.FeatureDistance;
import io.metamer.perceptual.Lpips;
import io.metamer.perceptual.MultiScaleStructuralSimilarity;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.perceptual.PixelDistance;
import io.metamer.perceptual.StructuralSimilarity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A distance by its recipe, for images of one kind: opened when it is used, and again after it was
 * closed. Where it takes colours only, gray images are shown to it as three equal channels.
 *
 * <p>Two are equal if they are the same distance with the same weights, whatever files those are
 * in.
 */
final class DescribedDistance implements PerceptualDistance, AutoCloseable {

  /** An open distance, what identifies its weights, and what frees it. */
  private record Opened(PerceptualDistance distance, String sha256, Runnable release) {}

  private final DistanceRecipe recipe;
  private final ImageSpec images;
  private final boolean inColour;
  private final String name;
  private final Card card;

  /** What the distance is, but for its name. */
  private final String identity;

  private final String sha256;
  private @Nullable Opened opened;

  /**
   * Opens a distance, asks who it is and whether it takes such images, and closes it.
   *
   * @throws IOException if a file is missing, damaged or not what it should be
   * @throws IllegalArgumentException if it cannot take such images
   */
  DescribedDistance(DistanceRecipe recipe, ImageSpec images) throws IOException {
    this.recipe = recipe;
    this.images = images;
    Opened first = open(recipe, images);
    try {
      PerceptualDistance distance = first.distance();
      name = distance.name();
      card = distance.card();
      sha256 = first.sha256();
      identity = identity(recipe, name, sha256);
      inColour = images.channels() == 1 && !takes(distance, images.channels());
      if (inColour || images.channels() != 1) {
        distance.to(black(inColour ? 3 : images.channels()));
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "distance %s: %s".formatted(first.distance().name(), e.getMessage()), e);
    } finally {
      first.release().run();
    }
  }

  private static Opened open(DistanceRecipe recipe, ImageSpec images) throws IOException {
    if (recipe instanceof DistanceRecipe.OfLpips of) {
      Lpips lpips = Lpips.load(of.weights(), of.trunk(), of.heads());
      return new Opened(lpips, lpips.sha256(), lpips::close);
    }
    if (recipe instanceof DistanceRecipe.OfDists of) {
      Dists dists = Dists.load(of.vgg16(), of.weights());
      String vgg16 = Sha256.of(Files.readAllBytes(of.vgg16()));
      String weights = Sha256.of(Files.readAllBytes(of.weights()));
      return new Opened(dists, Sha256.ofText(vgg16, weights), dists::close);
    }
    if (recipe instanceof DistanceRecipe.OfFeatures of) {
      Network network = Network.load(of.file());
      Taps taps = network.taps(of.layers(), images, of.preprocessing());
      return new Opened(FeatureDistance.of(taps, of.name()), network.sha256(), taps::close);
    }
    PerceptualDistance distance =
        switch (((DistanceRecipe.OfPixels) recipe).formula()) {
          case SSIM -> new StructuralSimilarity();
          case MS_SSIM -> new MultiScaleStructuralSimilarity();
          case L2 -> new PixelDistance();
        };
    return new Opened(distance, "", () -> {});
  }

  private static String identity(DistanceRecipe recipe, String name, String sha256) {
    return recipe instanceof DistanceRecipe.OfFeatures features
        ? "features %s of %s after %s"
            .formatted(features.layers(), sha256, features.preprocessing())
        : "%s %s".formatted(name, sha256).strip();
  }

  private boolean takes(PerceptualDistance distance, int channels) {
    try {
      distance.to(black(channels));
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private INDArray black(int channels) {
    return Nd4j.zeros(1, channels, images.height(), images.width());
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Card card() {
    return card;
  }

  /** Of the weights; empty where there are none. */
  String sha256() {
    return sha256;
  }

  /** Of the weights of the network it reads features of; empty for other distances. */
  String network() {
    return recipe instanceof DistanceRecipe.OfFeatures ? sha256 : "";
  }

  @Override
  public double[] between(INDArray a, INDArray b) {
    return distance().between(shown(a), shown(b));
  }

  @Override
  public DifferentiableLoss to(INDArray reference) {
    DifferentiableLoss loss = distance().to(shown(reference));
    if (!inColour) {
      return loss;
    }
    return (x, rows) -> {
      ValueAndGradient at = loss.evaluate(shown(x), rows);
      return new ValueAndGradient(at.value(), at.gradient().sum(true, 1));
    };
  }

  private INDArray shown(INDArray x) {
    return inColour ? Nd4j.concat(1, x, x, x) : x;
  }

  /** Opens it if need be; weights that changed meanwhile are refused. */
  private PerceptualDistance distance() {
    if (opened == null) {
      try {
        opened = open(recipe, images);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      if (!opened.sha256().equals(sha256)) {
        close();
        throw new UncheckedIOException(
            new IOException("%s: its weights changed while the study ran".formatted(name)));
      }
    }
    return Objects.requireNonNull(opened).distance();
  }

  /** Frees what is open. */
  @Override
  public void close() {
    if (opened != null) {
      opened.release().run();
      opened = null;
    }
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DescribedDistance distance && identity.equals(distance.identity);
  }

  @Override
  public int hashCode() {
    return identity.hashCode();
  }

  /** Enough to tell it from any other: a part of the keys of chunks and answers. */
  @Override
  public String toString() {
    return identity;
  }
}
