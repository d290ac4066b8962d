package io.metamer.metrics.human;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HumanStudyTest {

  private final Path folder;

  HumanStudyTest(@TempDir Path temp) {
    folder = temp.resolve("study");
  }

  @Test
  void site_hasEveryTrialOnceAndPicturesAsTheyAre() throws IOException {
    StudyKey key = Studies.both(12).write(folder);
    Set<String> asked = new HashSet<>();
    for (Phase phase : key.phases()) {
      for (Screen screen : phase.screens()) {
        for (Screen.Row row : screen.rows()) {
          if (row.section() != Screen.CHECK) {
            Trial trial = key.scored().get(row.section()).trials().get(row.trial());
            assertTrue(asked.add(trial.id()));
            assertPicture(trial.query(), row.query());
            for (int i = 0; i < screen.alternatives().size(); i++) {
              assertPicture(
                  trial.alternatives().get(screen.indices().get(i)), screen.alternatives().get(i));
            }
            assertPicture(trial.alternatives().get(trial.correct()), row.correct());
          }
        }
      }
    }
    assertEquals(12 + 12, asked.size());
  }

  private void assertPicture(Stimulus stimulus, String name) throws IOException {
    var expected = Studies.picture(stimulus).getRaster();
    var written = ImageIO.read(image(name).toFile()).getRaster();
    int n = expected.getWidth() * expected.getHeight();
    assertEquals(
        List.of(box(expected.getSamples(0, 0, 24, 24, 0, new int[n]))),
        List.of(box(written.getSamples(0, 0, 24, 24, 0, new int[n]))));
  }

  private static List<Integer> box(int[] levels) {
    List<Integer> boxed = new ArrayList<>();
    for (int level : levels) {
      boxed.add(level);
    }
    return boxed;
  }

  private Path image(String name) {
    return folder.resolve("site/images").resolve(name + ".png");
  }

  @Test
  void site_doesNotTellWhatIsRightButInPractice() throws IOException {
    StudyKey key = Studies.both(12).write(folder);
    String text = Files.readString(folder.resolve("site/experiment.js"));
    JsonNode site = new ObjectMapper().readTree(text.substring("window.METAMER_STUDY = ".length()));
    assertEquals(key.study(), site.path("study").asText());
    for (JsonNode phase : site.path("phases")) {
      assertEquals(0, phase.path("screens").findValues("correct").size());
      assertFalse(phase.path("practice").findValues("correct").isEmpty());
    }
    for (String word : List.of("2afc-", "clustering-", "robust", "SEED", "IRI", "check", "seed")) {
      assertFalse(text.contains(word), word);
    }
    // No picture recurs, so that counting names tells nothing.
    List<String> names = new ArrayList<>();
    for (Phase phase : key.phases()) {
      for (Screen screen : phase.screens()) {
        names.addAll(screen.alternatives());
        screen.rows().forEach(row -> names.add(row.query()));
      }
    }
    assertEquals(names.size(), new HashSet<>(names).size());
    try (Stream<Path> images = Files.list(folder.resolve("site/images"))) {
      images.forEach(
          file -> assertTrue(file.getFileName().toString().matches("[0-9a-f]{16}\\.png")));
    }
  }

  /** What stands first in experiment.js says as little of what is right as a coin. */
  @Test
  void orderInTheSite_isNoHint() throws IOException {
    StudyKey key = Studies.onlyPairs(200).write(folder);
    int first = 0;
    for (Screen screen : key.phases().get(0).screens()) {
      first += screen.alternatives().get(0).equals(screen.rows().get(0).correct()) ? 1 : 0;
    }
    // 220 screens; beyond 4 standard deviations of a coin something tells.
    assertEquals(110, first, 4 * Math.sqrt(220 / 4.0));
  }

  @Test
  void forms_haveTheTargetInEachPlaceEquallyOften() throws IOException {
    StudyKey key = Studies.onlyPairs(30).write(folder);
    Phase phase = key.phases().get(0);
    int[] firstOver = new int[phase.screens().size()];
    for (int form = 0; form < phase.forms().size(); form++) {
      TreeMap<Integer, Integer> first = new TreeMap<>();
      for (int i = 0; i < phase.screens().size(); i++) {
        Screen.Row row = phase.screens().get(i).rows().get(0);
        List<String> shown = new Order("", "").alternatives(phase, form, i);
        boolean left = shown.get(0).equals(row.correct());
        firstOver[i] += left ? 1 : 0;
        first.merge(row.section(), left ? 1 : 0, Integer::sum);
      }
      assertEquals(15, first.get(0));
    }
    for (int n : firstOver) {
      assertEquals(phase.forms().size() / 2, n);
    }
  }

  @Test
  void participants_seeOrdersOfTheirOwnAndAlwaysTheSame() throws IOException {
    StudyKey key = Studies.both(12).write(folder);
    Order p = new Order(key.study(), "p1");
    Order q = new Order(key.study(), "p2");
    Phase phase = key.phases().get(0);
    assertEquals(p.screens(phase), new Order(key.study(), "p1").screens(phase));
    assertNotEquals(p.screens(phase), q.screens(phase));
    assertEquals(new HashSet<>(p.screens(phase)), new HashSet<>(phase.screens()));
    Set<Integer> forms = new HashSet<>();
    Set<List<Phase>> tasks = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Order order = new Order(key.study(), "p" + i);
      forms.add(order.form(phase));
      tasks.add(order.phases(key.phases()));
    }
    assertEquals(phase.forms().size(), forms.size());
    assertEquals(2, tasks.size());
  }

  @Test
  void checks_areOneForSoManyScreensAndRightForWhoLooks() throws IOException {
    StudyKey key = Studies.onlyPairs(30).write(folder);
    List<Screen> checks =
        key.phases().get(0).screens().stream()
            .filter(s -> s.rows().get(0).section() == Screen.CHECK)
            .toList();
    assertEquals(3, checks.size());
    for (Screen check : checks) {
      Screen.Row row = check.rows().get(0);
      assertEquals(
          Digest.of(Files.readAllBytes(image(row.correct()))),
          Digest.of(Files.readAllBytes(image(row.query()))));
    }
    assertEquals(2, key.phases().get(0).practice().size());
    assertEquals(30 + 3 + 2, key.choices());
    assertEquals(3, key.minutes());
  }

  /** The first times of choices that THINGS-data lists; the file says which. */
  @Test
  void defaultSeconds_areAboutTheMedianOfWhatIsCited() throws IOException {
    double[] times =
        Files.readAllLines(Path.of("src/test/resources/golden/human/things-first-choices.csv"))
            .stream()
            .filter(line -> !line.startsWith("#"))
            .skip(1)
            .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(',') + 1)))
            .sorted()
            .toArray();
    assertEquals(18, times.length);
    double median = (times[8] + times[9]) / 2 / 1_000;
    assertEquals(4.821, median, 1e-12);
    assertEquals(Presentation.DEFAULT_SECONDS, median, 0.5);
  }

  /** With several images of a target, no screen has more rows than a check. */
  @Test
  void screensOfClustering_haveAsManyRowsAsChecks() throws IOException {
    List<Trial> trials = new ArrayList<>();
    for (int seed = 0; seed < 2; seed++) {
      for (Trial trial : Studies.grids(12)) {
        trials.add(
            new Trial(
                trial.id() + "-seed-" + seed,
                Stimulus.iri(trial.query().index() + 12 * seed),
                trial.alternatives(),
                trial.correct(),
                trial.block()));
      }
    }
    HumanStudy study = Studies.both(12);
    Section section = new Section("two seeds", Task.CLUSTERING, trials, Studies::picture);
    StudyKey key =
        new HumanStudy(study.title(), study.consent(), List.of(section), study.presentation())
            .write(folder);
    List<Screen> screens = key.phases().get(0).screens();
    Set<Integer> asked = new HashSet<>();
    for (Screen screen : screens) {
      assertEquals(3, screen.rows().size());
      assertEquals(3, screen.rows().stream().map(Screen.Row::correct).distinct().count());
      screen.rows().stream()
          .filter(row -> row.section() != Screen.CHECK)
          .forEach(row -> assertTrue(asked.add(row.trial())));
    }
    assertEquals(24, asked.size());
    assertEquals(8 + 1, screens.size());
  }

  @Test
  void key_readAgain_isTheSame() throws IOException {
    StudyKey key = Studies.both(12).write(folder);
    StudyKey read = StudyKey.read(folder.resolve("key.json"));
    assertEquals(key.study(), read.study());
    assertEquals(key.phases(), read.phases());
    assertEquals(key.scored(), read.scored());
    assertEquals("Which images look alike?", read.title());
    assertEquals(List.of(Studies.PAIRS, Studies.GRIDS), read.sections());
  }

  @Test
  void sameStudy_hasTheSameNameAndAnotherAnother(@TempDir Path temp) throws IOException {
    HumanStudy study = Studies.both(6);
    String name = study.write(temp.resolve("a")).study();
    assertEquals(name, study.write(temp.resolve("b")).study());
    HumanStudy other =
        new HumanStudy(
            study.title(), study.consent(), study.sections(), study.presentation().withSeed(8));
    assertNotEquals(name, other.write(temp.resolve("c")).study());
  }

  @Test
  void key_edited_isRefused() throws IOException {
    Studies.both(6).write(folder);
    Path file = folder.resolve("key.json");
    String text = Files.readString(file);
    Files.writeString(file, text.replaceFirst("\"correct\":1", "\"correct\":0"));
    IOException e = assertThrows(IOException.class, () -> StudyKey.read(file));
    assertTrue(e.getMessage().contains("it was changed after it was written"), e.getMessage());
    Files.writeString(file, "{}");
    assertThrows(IOException.class, () -> StudyKey.read(file));
    Files.writeString(file, "nonsense");
    assertThrows(IOException.class, () -> StudyKey.read(file));
  }

  @Test
  void folderWithFiles_isRefused() throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("mine.txt"), "");
    IOException e = assertThrows(IOException.class, () -> Studies.both(6).write(folder));
    assertTrue(e.getMessage().endsWith("name a new or an empty folder"), e.getMessage());
  }

  @Test
  void badStudies_areRefusedBeforeAnyWork() {
    HumanStudy study = Studies.both(6);
    Section section = study.sections().get(0);
    Presentation presentation = study.presentation();
    refused("expected a title", () -> new HumanStudy("", "x", study.sections(), presentation));
    refused("at least one section", () -> new HumanStudy("x", "x", List.of(), presentation));
    refused(
        "two named robust, 2AFC",
        () -> new HumanStudy("x", "x", List.of(section, section), presentation));
    refused("blank", () -> new Section(" ", Task.FORCED_CHOICE, section.trials(), null));
    refused("at least one trial", () -> new Section("x", Task.FORCED_CHOICE, List.of(), null));
    Trial trial = section.trials().get(0);
    refused(
        "two named 2afc-0",
        () -> new Section("x", Task.FORCED_CHOICE, List.of(trial, trial), null));
    refused(
        "expected 2 alternatives",
        () -> new Section("x", Task.FORCED_CHOICE, List.of(trial, Studies.grids(3).get(0)), null));
    Trial same =
        new Trial("y", trial.query(), section.trials().get(2).alternatives(), 0, trial.block());
    refused(
        "2afc-0 and y differ", () -> new Section("x", Task.CLUSTERING, List.of(trial, same), null));
    List<Stimulus> ten = Stream.iterate(0, i -> i + 1).limit(10).map(Stimulus::target).toList();
    refused(
        "at most 9",
        () ->
            new Section(
                "x",
                Task.FORCED_CHOICE,
                List.of(new Trial("x", Stimulus.iri(0), ten, 0, 0)),
                null));
    Trial odd =
        new Trial(
            "odd-0",
            Stimulus.iri(0),
            List.of(Stimulus.iri(0), Stimulus.target(0), Stimulus.target(1)),
            2,
            0,
            Trial.Task.ODD_ONE_OUT);
    for (Task task : Task.values()) {
      refused(
          "looks most like the query in section x, got odd-0, which asks for the odd one out",
          () -> new Section("x", task, List.of(odd), null));
    }
    refused("at least 0 screens", () -> presentation.withScreens(-1, 1));
    refused("at least 1 screen", () -> presentation.withScreens(0, 0));
    refused("above 0", () -> presentation.withSeconds(Double.NaN));
    refused("http or https", () -> presentation.withPostTo(URI.create("file:///x")));
    refused("http or https", () -> presentation.withReturnTo(URI.create("https:x")));
  }

  private static void refused(String why, org.junit.jupiter.api.function.Executable act) {
    String message = assertThrows(IllegalArgumentException.class, act).getMessage();
    assertTrue(message.contains(why), message);
  }
}
