package io.metamer.metrics.human;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.io.Serial;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the site writes for one person.
 *
 * <p>The checksum is the SHA-256 of {@link #text}: of what is said, not of how JSON spells it, so
 * that a server may store the answers in its own way. It shows that a file was changed by accident
 * or by hand, not that somebody forged one: the pages, which make it, can be read.
 *
 * @param participant who
 * @param started when, as ISO 8601 has it
 * @param answers in the order they were given
 */
record AnswerFile(
    String study,
    String participant,
    String started,
    String finished,
    boolean complete,
    String display,
    SortedMap<String, String> platform,
    List<Given> answers,
    String checksum) {

  static final String FORMAT = "metamer-answers-1";

  private static final ObjectReader JSON = new ObjectMapper().reader();

  /**
   * One choice.
   *
   * @param row of which screen
   * @param chosen name of the picture
   * @param position its place, from 0 at the left
   * @param shown names of the pictures from left to right
   * @param milliseconds since the screen was there
   */
  record Given(String row, String chosen, int position, List<String> shown, long milliseconds) {}

  /** A file that the site did not make. */
  static final class Malformed extends Exception {

    @Serial private static final long serialVersionUID = 1L;

    /** The answer that is none, from 1; 0 if it is the file. */
    final int row;

    Malformed(int row, String message) {
      super(message);
      this.row = row;
    }
  }

  /**
   * Reads a file of answers; whether it is unchanged is not looked at.
   *
   * @throws Malformed if it is none, or an answer in it is none
   */
  static AnswerFile read(Path file) throws IOException, Malformed {
    if (!Files.isRegularFile(file)) {
      throw new Malformed(0, "expected a file");
    }
    byte[] bytes = Files.readAllBytes(file);
    JsonNode root;
    try {
      root = JSON.readTree(bytes);
    } catch (IOException e) {
      // Bytes that are no text are no JSON either, but another exception.
      throw new Malformed(0, "expected JSON");
    }
    if (!root.path("format").asText().equals(FORMAT)) {
      throw new Malformed(0, "expected format " + FORMAT);
    }
    if (!isText(root, "study", "participant", "started", "finished", "display", "checksum")
        || !root.path("complete").isBoolean()
        || !root.path("platform").isObject()
        || !root.path("answers").isArray()) {
      throw new Malformed(0, "expected the fields that the site writes");
    }
    SortedMap<String, String> platform = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : root.path("platform").properties()) {
      platform.put(field.getKey(), field.getValue().asText());
    }
    List<Given> answers = new ArrayList<>(root.path("answers").size());
    for (JsonNode answer : root.path("answers")) {
      if (!isText(answer, "row", "chosen")
          || !answer.path("position").isInt()
          || !answer.path("milliseconds").isIntegralNumber()
          || !answer.path("shown").isArray()) {
        throw new Malformed(
            answers.size() + 1, "expected row, chosen, position, shown and milliseconds");
      }
      List<String> shown = new ArrayList<>(answer.path("shown").size());
      answer.path("shown").forEach(name -> shown.add(name.asText()));
      answers.add(
          new Given(
              answer.path("row").asText(),
              answer.path("chosen").asText(),
              answer.path("position").asInt(),
              shown,
              answer.path("milliseconds").asLong()));
    }
    return new AnswerFile(
        root.path("study").asText(),
        root.path("participant").asText(),
        root.path("started").asText(),
        root.path("finished").asText(),
        root.path("complete").asBoolean(),
        root.path("display").asText(),
        platform,
        answers,
        root.path("checksum").asText());
  }

  private static boolean isText(JsonNode node, String... fields) {
    for (String field : fields) {
      if (!node.path(field).isTextual()) {
        return false;
      }
    }
    return true;
  }

  /** Everything that is said, line by line: what the checksum is of. */
  String text() {
    StringBuilder text = new StringBuilder();
    for (String line :
        List.of(FORMAT, study, participant, started, finished, String.valueOf(complete), display)) {
      text.append(line).append('\n');
    }
    platform.forEach((name, value) -> text.append(name).append('=').append(value).append('\n'));
    for (Given answer : answers) {
      text.append(answer.row)
          .append(' ')
          .append(answer.chosen)
          .append(' ')
          .append(answer.position)
          .append(' ')
          .append(answer.milliseconds)
          .append(' ')
          .append(String.join(",", answer.shown))
          .append('\n');
    }
    return text.toString();
  }

  boolean unchanged() {
    return Digest.of(text()).equals(checksum);
  }
}
