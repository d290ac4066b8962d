package io.metamer.examples;

import io.metamer.inversion.Curves;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Trajectory;
import io.metamer.studies.Animation;
import io.metamer.studies.CurveChart;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;

/**
 * Draws how each search went: an animation of the first images, and curves of all.
 *
 * @param folder where to: a folder for each network, with three files for each regularizer
 */
record SearchPictures(Path folder) {

  /** Images in an animation at most. */
  private static final int IMAGES = 8;

  /** Frames of an animation at most, but for the last. */
  private static final int FRAMES = 40;

  /** What has to listen to a search of so many images. */
  static Trajectory trajectory(int n) {
    return new Trajectory(IntStream.range(0, Math.min(n, IMAGES)).toArray(), FRAMES);
  }

  void write(
      String network,
      String regularizer,
      Curves curves,
      Trajectory trajectory,
      InversionResult result)
      throws IOException {
    Path ofNetwork = Files.createDirectories(folder.resolve(network));
    Animation.of(result.input(), result.targets(), trajectory, result.images())
        .write(ofNetwork.resolve(regularizer + ".gif"));
    CurveChart.write(curves, ofNetwork.resolve(regularizer + ".svg"));
    CurveChart.write(curves, ofNetwork.resolve(regularizer + ".png"));
  }
}
