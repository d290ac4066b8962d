package io.metamer.metrics;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The images that may be shown together. */
final class Groups {

  private Groups() {}

  /**
   * The numbers of the images in each group, in order of their first.
   *
   * @param groups the group of each image; none where all may be shown together
   * @param n number of images
   * @param least the fewest images that a group needs
   */
  static Collection<List<Integer>> of(List<String> groups, int n, int least) {
    if (n < least) {
      throw new IllegalArgumentException(
          "expected at least %d inverted images to choose among, got %d".formatted(least, n));
    }
    if (groups.isEmpty()) {
      return List.of(IntStream.range(0, n).boxed().toList());
    }
    if (groups.size() != n) {
      throw new IllegalArgumentException(
          "expected a group of each of %d images, got %d".formatted(n, groups.size()));
    }
    Map<String, List<Integer>> members = new LinkedHashMap<>();
    for (int i = 0; i < n; i++) {
      members.computeIfAbsent(groups.get(i), g -> new ArrayList<>()).add(i);
    }
    members.forEach(
        (group, images) -> {
          if (images.size() < least) {
            throw new IllegalArgumentException(
                "expected at least %d images in each group to choose among, group %s has %d"
                    .formatted(least, group, images.size()));
          }
        });
    return members.values();
  }
}
