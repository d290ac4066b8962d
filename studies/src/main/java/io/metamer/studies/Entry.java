package io.metamer.studies;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * A value of a YAML file, which knows where it stands.
 *
 * <p>Values are read by what is expected of them, from their text: what YAML itself takes for a
 * truth, a number or a date plays no part. Anchors, aliases and tags are refused, so that a file
 * can neither grow nor name a class.
 */
final class Entry {

  /** More than any description needs. */
  private static final int LONGEST = 1 << 20;

  private static final int DEEPEST = 20;

  /** What is wrong with the file; the message says where. */
  static final class Refusal extends RuntimeException {

    @Serial private static final long serialVersionUID = 1L;

    Refusal(String message, Throwable cause) {
      super(message, cause);
    }
  }

  private final String path;
  private final Node node;

  private Entry(String path, Node node) {
    this.path = path;
    this.node = node;
    if (node.getAnchor() != null) {
      throw refusal("expected no anchors and aliases, got &" + node.getAnchor());
    }
    if (!node.getTag().startsWith(Tag.PREFIX)
        || (node instanceof MappingNode && !node.getTag().equals(Tag.MAP))
        || (node instanceof SequenceNode && !node.getTag().equals(Tag.SEQ))) {
      throw refusal("expected no tags, got " + node.getTag());
    }
  }

  /** Reads what a file holds as a whole with a reader of it; what is wrong names file and line. */
  static <T> T read(Path file, Function<Entry, T> reader) throws IOException {
    try {
      return reader.apply(new Entry("", root(file)));
    } catch (Refusal e) {
      throw new IOException("%s, %s".formatted(file, e.getMessage()), e);
    }
  }

  private static Node root(Path file) throws IOException {
    byte[] bytes;
    try (InputStream stream = Files.newInputStream(file)) {
      bytes = stream.readNBytes(LONGEST + 1);
    }
    if (bytes.length > LONGEST) {
      throw new IOException("%s: expected a description, got more than 1 MiB".formatted(file));
    }
    LoaderOptions options = new LoaderOptions();
    options.setNestingDepthLimit(DEEPEST);
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      Node root = new Yaml(options).compose(new StringReader(text));
      if (root == null) {
        throw new IOException("%s: expected a description, got nothing".formatted(file));
      }
      return root;
    } catch (CharacterCodingException e) {
      throw new IOException("%s: expected text in UTF-8".formatted(file), e);
    } catch (MarkedYAMLException e) {
      int line = e.getProblemMark() == null ? 1 : e.getProblemMark().getLine() + 1;
      throw new IOException("%s, line %d: not YAML: %s".formatted(file, line, e.getProblem()), e);
    } catch (YAMLException e) {
      throw new IOException("%s: not YAML: %s".formatted(file, e.getMessage()), e);
    }
  }

  Refusal refusal(String message) {
    return refusal(message, null);
  }

  @SuppressWarnings("NullAway") // A throwable's cause may be null.
  private Refusal refusal(String message, @org.jspecify.annotations.Nullable Throwable cause) {
    return new Refusal(
        "line %d: %s%s%s"
            .formatted(
                node.getStartMark().getLine() + 1, path, path.isEmpty() ? "" : ": ", message),
        cause);
  }

  /** What a constructor makes of this entry; what it refuses is refused here. */
  <T> T make(Supplier<T> constructor) {
    try {
      return constructor.get();
    } catch (IllegalArgumentException | UnsupportedOperationException e) {
      throw refusal(String.valueOf(e.getMessage()), e);
    }
  }

  boolean isText() {
    return node instanceof ScalarNode;
  }

  boolean isList() {
    return node instanceof SequenceNode;
  }

  String text() {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw refusal("expected a single value, got a " + (isList() ? "list" : "group of keys"));
  }

  double number() {
    return parsed("a number", Double::valueOf);
  }

  int whole() {
    return parsed("a whole number", Integer::valueOf);
  }

  long seed() {
    return parsed("a whole number", Long::valueOf);
  }

  boolean truth() {
    return one(Map.of("true", true, "false", false));
  }

  /** One of several words. */
  <T> T one(Map<String, T> words) {
    T meant = words.get(text());
    if (meant == null) {
      throw refusal(
          "expected %s, got \"%s\""
              .formatted(String.join(" or ", words.keySet().stream().sorted().toList()), text()));
    }
    return meant;
  }

  private <T> T parsed(String what, Function<String, T> parser) {
    String text = text();
    try {
      return parser.apply(text);
    } catch (NumberFormatException e) {
      throw refusal("expected %s, got \"%s\"".formatted(what, text), e);
    }
  }

  List<Entry> items() {
    if (!(node instanceof SequenceNode list)) {
      throw refusal("expected a list, got a " + (isText() ? "single value" : "group of keys"));
    }
    List<Entry> items = new ArrayList<>();
    for (Node item : list.getValue()) {
      items.add(new Entry("%s[%d]".formatted(path, items.size()), item));
    }
    return items;
  }

  /** What stands under each key, which may be any. */
  Map<String, Entry> byKey() {
    if (!(node instanceof MappingNode group)) {
      throw refusal("expected a group of keys, got a " + (isText() ? "single value" : "list"));
    }
    Map<String, Entry> byKey = new LinkedHashMap<>();
    for (NodeTuple pair : group.getValue()) {
      Entry key = new Entry(path, pair.getKeyNode());
      String name = key.text();
      Entry value = new Entry(path.isEmpty() ? name : path + "." + name, pair.getValueNode());
      if (byKey.put(name, value) != null) {
        throw key.refusal("expected each key once, got %s twice".formatted(name));
      }
    }
    return byKey;
  }

  /** What stands under each key, which has to be a known one. */
  Fields fields(String... known) {
    if (node instanceof MappingNode group) {
      for (NodeTuple pair : group.getValue()) {
        Entry key = new Entry(path, pair.getKeyNode());
        if (!Arrays.asList(known).contains(key.text())) {
          throw key.refusal(
              "unknown key \"%s\", expected %s".formatted(key.text(), String.join(", ", known)));
        }
      }
    }
    return new Fields(this, byKey());
  }

  /** The entries of a group by known keys. */
  record Fields(Entry group, Map<String, Entry> byKey) {

    Entry required(String key) {
      return optional(key)
          .orElseThrow(() -> group.refusal("expected a key %s, there is none".formatted(key)));
    }

    Optional<Entry> optional(String key) {
      return Optional.ofNullable(byKey.get(key));
    }

    /** The only one of some keys that is there. */
    String either(String... keys) {
      List<String> there = Arrays.stream(keys).filter(byKey::containsKey).toList();
      if (there.size() != 1) {
        throw group.refusal(
            "expected one key among %s, got %s"
                .formatted(
                    String.join(", ", keys), there.isEmpty() ? "none" : String.join(", ", there)));
      }
      return there.get(0);
    }
  }
}
