package io.metamer.model;

import static io.metamer.model.OnnxCase.model;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Resizing in all modes. */
final class OnnxResizeCases {

  private OnnxResizeCases() {}

  static Stream<OnnxCase> all() {
    List<OnnxCase> cases = new ArrayList<>();
    for (String coordinates :
        List.of(
            "half_pixel",
            "pytorch_half_pixel",
            "align_corners",
            "asymmetric",
            "half_pixel_symmetric")) {
      for (String mode : List.of("linear", "cubic")) {
        cases.add(
            model(
                19,
                "Resize, %s, %s, scales".formatted(mode, coordinates),
                f ->
                    scaled(f, 2, 1.5)
                        .text("mode", mode)
                        .text("coordinate_transformation_mode", coordinates)));
        cases.add(
            model(
                19,
                "Resize, %s, %s, smaller".formatted(mode, coordinates),
                f ->
                    sized(f, 4, 4)
                        .text("mode", mode)
                        .text("coordinate_transformation_mode", coordinates)));
      }
      for (String nearest : List.of("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")) {
        cases.add(
            model(
                19,
                "Resize, nearest, %s, %s".formatted(nearest, coordinates),
                f ->
                    scaled(f, 2, 1.4)
                        .text("nearest_mode", nearest)
                        .text("coordinate_transformation_mode", coordinates)));
        cases.add(
            model(
                19,
                "Resize, nearest, %s, %s, smaller".formatted(nearest, coordinates),
                f ->
                    sized(f, 4, 4)
                        .text("nearest_mode", nearest)
                        .text("coordinate_transformation_mode", coordinates)));
      }
    }
    return Stream.concat(
        cases.stream(),
        Stream.of(
            model(
                11,
                "Resize, tf_half_pixel_for_nn",
                f ->
                    scaled(f, 2, 1)
                        .text("nearest_mode", "floor")
                        .text("coordinate_transformation_mode", "tf_half_pixel_for_nn")),
            model(11, "Resize, linear", f -> scaled(f, 2, 2).text("mode", "linear")),
            model(
                13,
                "Resize, cubic, a",
                f -> scaled(f, 2, 2).text("mode", "cubic").number("cubic_coeff_a", -0.5)),
            model(
                13,
                "Resize, cubic, excluding outside",
                f -> scaled(f, 2, 1.5).text("mode", "cubic").with("exclude_outside", 1)),
            model(
                18,
                "Resize, axes, not larger",
                f ->
                    f.integers("s", 9, 8)
                        .node("Resize", "y", "x", "", "", "s")
                        .with("axes", 2, 3)
                        .text("mode", "linear")
                        .text("keep_aspect_ratio_policy", "not_larger")),
            model(
                18,
                "Resize, axes, not smaller",
                f ->
                    f.integers("s", 9, 8)
                        .node("Resize", "y", "x", "", "", "s")
                        .with("axes", 2, 3)
                        .text("mode", "linear")
                        .text("keep_aspect_ratio_policy", "not_smaller")),
            model(
                18,
                "Resize, axes, scales",
                f ->
                    f.constant("c", new long[] {2}, 2, 3)
                        .node("Resize", "y", "x", "", "c")
                        .with("axes", 3, 2)),
            model(
                13,
                "Resize, scales that leave every size",
                f -> scaled(f, 1.1, 1.15).text("mode", "linear")),
            model(
                10,
                "Resize, nearest",
                f -> f.constant("c", new long[] {4}, 1, 1, 2, 1.4).node("Resize", "y", "x", "c")),
            model(
                10,
                "Resize, nearest, smaller",
                f -> f.constant("c", new long[] {4}, 1, 1, 0.5, 0.7).node("Resize", "y", "x", "c")),
            model(
                10,
                "Resize, linear",
                f ->
                    f.constant("c", new long[] {4}, 1, 1, 2, 1.4)
                        .node("Resize", "y", "x", "c")
                        .text("mode", "linear")),
            model(
                7,
                "Upsample, attributes",
                f -> f.node("Upsample", "y", "x").numbers("scales", 1, 1, 2, 3)),
            model(
                9,
                "Upsample",
                f -> f.constant("c", new long[] {4}, 1, 1, 2, 3).node("Upsample", "y", "x", "c")),
            model(
                9,
                "Upsample, linear",
                f ->
                    f.constant("c", new long[] {4}, 1, 1, 2, 3)
                        .node("Upsample", "y", "x", "c")
                        .text("mode", "linear")),
            model(
                9,
                "Upsample by nothing",
                f ->
                    f.constant("c", new long[] {4}, 1, 1, 1, 1)
                        .node("Upsample", "a", "x", "c")
                        .node("Relu", "y", "a"))));
  }

  private static OnnxFile scaled(OnnxFile file, double rows, double columns) {
    return file.constant("none", new long[] {0})
        .constant("c", new long[] {4}, 1, 1, rows, columns)
        .node("Resize", "y", "x", "none", "c");
  }

  private static OnnxFile sized(OnnxFile file, long rows, long columns) {
    return file.integers("s", 2, 3, rows, columns).node("Resize", "y", "x", "", "", "s");
  }
}
