package io.metamer.metrics.human;

import java.util.List;

/**
 * What is seen at once: alternatives, and one query or more to compare them with.
 *
 * @param id opaque
 * @param alternatives names of pictures, sorted: an order that says nothing
 * @param indices of each alternative, its index in the trials
 * @param rows one for each query
 */
record Screen(String id, List<String> alternatives, List<Integer> indices, List<Row> rows) {

  /** In place of a section: whoever looks gets it right. */
  static final int CHECK = -1;

  /**
   * A query.
   *
   * @param id opaque, what answers name
   * @param query name of the picture
   * @param correct name of the picture among the alternatives
   * @param section the section's number, or {@link #CHECK}
   * @param trial the trial's number in its section; 0 for checks
   */
  record Row(String id, String query, String correct, int section, int trial) {}

  Screen {
    alternatives = List.copyOf(alternatives);
    indices = List.copyOf(indices);
    rows = List.copyOf(rows);
  }
}
