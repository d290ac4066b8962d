package io.metamer.model;

import java.util.Collection;
import java.util.List;

/**
 * What of a format can be read: names of one kind.
 *
 * @param kind what the names are of ("operators", "layers")
 * @param names as the format writes them, in alphabetical order
 * @since 0.1
 */
public record Supported(String kind, List<String> names) {

  public Supported {
    names = List.copyOf(names);
  }

  static Supported of(String kind, Collection<String> names) {
    return new Supported(kind, names.stream().sorted().toList());
  }
}
