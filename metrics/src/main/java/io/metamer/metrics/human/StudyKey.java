package io.metamer.metrics.human;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a study's website does not tell: which trial each screen is, and which answers are right.
 *
 * <p>{@link HumanStudy#write} makes it, in a file to be kept and not to be published. The study's
 * name is the SHA-256 of all that makes it: texts, trials, screens, and the bytes of each picture.
 * Answers carry that name, so that those to another study, or to another version of it, are seen.
 *
 * @since 0.1
 */
public final class StudyKey {

  private static final String FORMAT = "metamer-human-study-1";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Trials that are scored together. */
  record Scored(String name, Task task, List<Trial> trials) {}

  private final String study;
  private final ObjectNode definition;
  private final List<Scored> sections;
  private final List<Phase> phases;

  private StudyKey(String study, ObjectNode definition) {
    this.study = study;
    this.definition = definition;
    sections = list(definition.path("sections"), StudyKey::section);
    phases = list(definition.path("phases"), StudyKey::phase);
  }

  static StudyKey of(HumanStudy study, List<Phase> phases, Map<String, String> pictures) {
    ObjectNode definition = JSON.createObjectNode();
    definition.put("title", study.title());
    definition.put("consent", study.consent());
    Presentation presentation = study.presentation();
    ObjectNode shown = definition.putObject("presentation");
    shown.put("seconds", presentation.seconds());
    shown.put("pixelated", presentation.pixelated());
    presentation.postTo().ifPresent(uri -> shown.put("postTo", uri.toString()));
    presentation.returnTo().ifPresent(uri -> shown.put("returnTo", uri.toString()));
    definition.put("seed", presentation.seed());
    ArrayNode sections = definition.putArray("sections");
    study.sections().forEach(section -> write(section, sections.addObject()));
    ArrayNode all = definition.putArray("phases");
    phases.forEach(phase -> write(phase, all.addObject()));
    ObjectNode files = definition.putObject("pictures");
    pictures.forEach(files::put);
    return new StudyKey(Digest.of(definition.toString()), definition);
  }

  /**
   * Reads a key.
   *
   * @param file as {@link HumanStudy#write} wrote it
   * @return the key
   * @throws IOException if the file cannot be read, is none of a study, or was changed
   */
  public static StudyKey read(Path file) throws IOException {
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new IOException("%s: expected the key of a study, got no JSON".formatted(file), e);
    }
    if (!root.path("format").asText().equals(FORMAT)
        || !(root.path("definition") instanceof ObjectNode definition)) {
      throw new IOException(
          "%s: expected the key of a study, of format %s, got '%s'"
              .formatted(file, FORMAT, root.path("format").asText()));
    }
    String study = Digest.of(definition.toString());
    if (!study.equals(root.path("study").asText())) {
      throw new IOException(
          "%s: it was changed after it was written, its checksum is %s and should be %s"
              .formatted(file, study, root.path("study").asText()));
    }
    return new StudyKey(study, definition);
  }

  void write(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    root.put("study", study);
    root.set("definition", definition);
    Files.writeString(file, root + "\n");
  }

  /**
   * The study's name.
   *
   * @return SHA-256 in 64 hexadecimal digits
   */
  public String study() {
    return study;
  }

  /**
   * The title that people see.
   *
   * @return as the study has it
   */
  public String title() {
    return definition.path("title").asText();
  }

  /**
   * The sections.
   *
   * @return their names, in the study's order
   */
  public List<String> sections() {
    return sections.stream().map(Scored::name).toList();
  }

  /**
   * The choices that each person makes: trials, checks and practice.
   *
   * @return at least 1
   */
  public int choices() {
    return phases.stream().mapToInt(Phase::choices).sum();
  }

  /**
   * How long it takes, as people are told.
   *
   * @return choices times the presentation's seconds, in whole minutes, rounded up
   */
  public int minutes() {
    return (int)
        Math.ceil(choices() * definition.path("presentation").path("seconds").asDouble() / 60);
  }

  /**
   * Reads the answers that people gave.
   *
   * @param folder with a JSON file for each person, as the site made it, and nothing else
   * @param rules whom to leave out
   * @return those that count, and by name and row what was wrong with others, and who was left out
   * @throws IOException if the folder or a file in it cannot be read at all
   */
  public HumanAnswers answers(Path folder, ExclusionRules rules) throws IOException {
    return new AnswerFolder(this).read(folder, rules);
  }

  List<Scored> scored() {
    return sections;
  }

  List<Phase> phases() {
    return phases;
  }

  /** What the pages need, and no more: nothing of what is right but in practice. */
  ObjectNode site() {
    ObjectNode site = JSON.createObjectNode();
    site.put("study", study);
    site.set("title", definition.path("title"));
    site.set("consent", definition.path("consent"));
    site.setAll((ObjectNode) definition.path("presentation"));
    site.put("choices", choices());
    site.put("minutes", minutes());
    ArrayNode all = site.putArray("phases");
    for (Phase phase : phases) {
      ObjectNode shown = all.addObject();
      shown.put("task", phase.task().toString());
      shown.put("question", phase.task().question());
      ArrayNode practice = shown.putArray("practice");
      phase.practice().forEach(screen -> write(screen, practice.addObject(), true));
      ArrayNode screens = shown.putArray("screens");
      phase.screens().forEach(screen -> write(screen, screens.addObject(), false));
      phase.forms().forEach(shown.putArray("forms")::add);
    }
    return site;
  }

  private static void write(Screen screen, ObjectNode to, boolean correct) {
    to.put("screen", screen.id());
    screen.alternatives().forEach(to.putArray("alternatives")::add);
    ArrayNode rows = to.putArray("rows");
    for (Screen.Row row : screen.rows()) {
      ObjectNode shown = rows.addObject();
      shown.put("row", row.id());
      shown.put("query", row.query());
      if (correct) {
        shown.put("correct", row.correct());
      }
    }
  }

  private static void write(Section section, ObjectNode to) {
    to.put("name", section.name());
    to.put("task", section.task().name());
    ArrayNode trials = to.putArray("trials");
    for (Trial trial : section.trials()) {
      ObjectNode written = trials.addObject();
      written.put("id", trial.id());
      written.put("query", trial.query().kind() + " " + trial.query().index());
      ArrayNode alternatives = written.putArray("alternatives");
      trial.alternatives().forEach(a -> alternatives.add(a.kind() + " " + a.index()));
      written.put("correct", trial.correct());
      written.put("block", trial.block());
    }
  }

  private static Scored section(JsonNode node) {
    return new Scored(
        node.path("name").asText(),
        Task.valueOf(node.path("task").asText()),
        list(
            node.path("trials"),
            trial ->
                new Trial(
                    trial.path("id").asText(),
                    stimulus(trial.path("query")),
                    list(trial.path("alternatives"), StudyKey::stimulus),
                    trial.path("correct").asInt(),
                    trial.path("block").asInt())));
  }

  private static Stimulus stimulus(JsonNode node) {
    String[] parts = node.asText().split(" ", 2);
    return new Stimulus(Stimulus.Kind.valueOf(parts[0]), Integer.parseInt(parts[1]));
  }

  private static void write(Phase phase, ObjectNode to) {
    to.put("task", phase.task().name());
    phase.practice().forEach(screen -> writeWhole(screen, to.withArray("practice").addObject()));
    phase.screens().forEach(screen -> writeWhole(screen, to.withArray("screens").addObject()));
    phase.forms().forEach(to.putArray("forms")::add);
  }

  private static void writeWhole(Screen screen, ObjectNode to) {
    to.put("screen", screen.id());
    screen.alternatives().forEach(to.putArray("alternatives")::add);
    screen.indices().forEach(to.putArray("indices")::add);
    ArrayNode rows = to.putArray("rows");
    for (Screen.Row row : screen.rows()) {
      ObjectNode written = rows.addObject();
      written.put("row", row.id());
      written.put("query", row.query());
      written.put("correct", row.correct());
      written.put("section", row.section());
      written.put("trial", row.trial());
    }
  }

  private static Phase phase(JsonNode node) {
    return new Phase(
        Task.valueOf(node.path("task").asText()),
        list(node.path("practice"), StudyKey::screen),
        list(node.path("screens"), StudyKey::screen),
        list(node.path("forms"), JsonNode::asText));
  }

  private static Screen screen(JsonNode node) {
    return new Screen(
        node.path("screen").asText(),
        list(node.path("alternatives"), JsonNode::asText),
        list(node.path("indices"), JsonNode::asInt),
        list(
            node.path("rows"),
            row ->
                new Screen.Row(
                    row.path("row").asText(),
                    row.path("query").asText(),
                    row.path("correct").asText(),
                    row.path("section").asInt(),
                    row.path("trial").asInt())));
  }

  private static <T> List<T> list(JsonNode array, Function<JsonNode, T> from) {
    List<T> list = new ArrayList<>(array.size());
    array.forEach(node -> list.add(from.apply(node)));
    return list;
  }
}
