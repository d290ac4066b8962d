package io.metamer.metrics.human;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/** A scripted participant in a real browser; what is imported is what was meant. */
@Tag("browser")
final class PagesTest {

  private static final int N = 12;

  /** Right in three of four trials, and in every check. */
  private static boolean mostly(Screen.Row row) {
    return row.section() == Screen.CHECK || row.trial() % 4 != 3;
  }

  private final Path temp;
  private final Path folder;

  PagesTest(@TempDir Path temp) {
    this.temp = temp;
    folder = temp.resolve("study");
  }

  /** A participant: knows the key, so as to be right where told. */
  private static final class Person {

    private final Browser browser;
    private final Predicate<Screen.Row> right;
    private final Map<String, Screen.Row> byQuery = new HashMap<>();
    private final List<String> seen = new ArrayList<>();
    private final String where;
    private final int width;
    private boolean keyboard;

    Person(Browser browser, StudyKey key, Predicate<Screen.Row> right, String where) {
      this.browser = browser;
      this.right = right;
      this.where = where;
      width = where.equals("phone") ? 390 : 1280;
      for (Phase phase : key.phases()) {
        for (List<Screen> screens : List.of(phase.practice(), phase.screens())) {
          for (Screen screen : screens) {
            screen.rows().forEach(row -> byQuery.put(row.query(), row));
          }
        }
      }
    }

    void begin(String code) throws IOException {
      look("consent");
      browser.press("Begin");
      assertEquals(
          "Please tick the box if you agree to take part.", browser.find("[role=alert]").getText());
      browser.find("#agree").click();
      WebElement field = browser.find("#code");
      if (!code.isEmpty()) {
        field.sendKeys(Keys.chord(Keys.CONTROL, "a"), code);
      }
      browser.press("Begin");
    }

    /** Goes on until so many screens that count are answered, or all. */
    void answer(int screens) throws IOException {
      while (screens > 0 && !browser.has("#download")) {
        if (browser.has(".choices")) {
          screens -= choice() ? 1 : 0;
        } else if (browser.has(".grid")) {
          screens -= grid() ? 1 : 0;
        } else {
          look(browser.title().contains("practice") ? "begin" : "introduction");
          browser.find("main button.main").click();
        }
      }
    }

    /** What is in front of the participant. */
    String screen() {
      browser.find("main[data-open]");
      return String.join(" ", browser.pictures("main img"));
    }

    private boolean choice() throws IOException {
      browser.find("main[data-open]");
      boolean practice = !browser.all("[role=status].feedback").isEmpty();
      String query = browser.pictures(".query img").get(0);
      List<String> shown = browser.pictures(".choices img");
      int position = place(byQuery.get(query), shown);
      if (!practice) {
        seen.add(query);
      }
      look(practice ? "practice" : "choice");
      if (keyboard) {
        browser
            .driver
            .switchTo()
            .activeElement()
            .sendKeys(position == 0 ? Keys.ARROW_LEFT : Keys.ARROW_RIGHT);
      } else {
        browser.all(".choices button").get(position).click();
      }
      keyboard = !keyboard;
      if (practice) {
        assertFalse(browser.find(".feedback").getText().isEmpty());
        look("feedback");
        // Focus is on the way on.
        browser.driver.switchTo().activeElement().sendKeys(Keys.ENTER);
      }
      gone(query);
      return !practice;
    }

    private boolean grid() throws IOException {
      browser.find("main[data-open]");
      boolean practice = !browser.all("[role=status].feedback").isEmpty();
      List<String> shown = browser.pictures(".grid thead img");
      List<String> queries = browser.pictures(".grid tbody img");
      look(practice ? "grid-practice" : "grid");
      if (!practice) {
        seen.addAll(queries);
      }
      for (int r = 0; r < queries.size(); r++) {
        int position = place(byQuery.get(queries.get(r)), shown);
        if (keyboard) {
          browser.driver.switchTo().activeElement().sendKeys(String.valueOf(position + 1));
        } else {
          browser.find("input[data-row='%d'][value='%d']".formatted(r, position)).click();
        }
        if (r == 0 && !keyboard) {
          browser.press("Continue");
          assertEquals(
              "Please choose an image in row 2 too.", browser.find("[role=alert]").getText());
        }
      }
      look("grid-answered");
      browser.press("Continue");
      keyboard = !keyboard;
      if (practice) {
        assertFalse(browser.find("[role=status].feedback").getText().isEmpty());
        browser.press("Continue");
      }
      gone(queries.get(0));
      return !practice;
    }

    private int place(Screen.Row row, List<String> shown) {
      int correct = shown.indexOf(row.correct());
      return right.test(row) ? correct : (correct + 1) % shown.size();
    }

    private void gone(String query) {
      browser.await(
          "the next screen",
          () -> browser.pictures("main img").contains(query) ? null : Boolean.TRUE);
    }

    private final Set<String> looked = new HashSet<>();

    /** The first time that a kind of page is seen: a picture for people, and no obstacles. */
    private void look(String kind) throws IOException {
      if (looked.add(kind)) {
        browser.screenshot(where + "-" + kind);
        assertEquals("", browser.violations(), kind);
        assertEquals(
            true,
            browser.script(
                "return [...document.querySelectorAll('body *')].every("
                    + "e => e.getBoundingClientRect().right <= arguments[0] + 0.5)",
                width),
            kind + " is wider than the screen");
        for (WebElement image : browser.all("main img")) {
          assertTrue(
              String.valueOf(image.getDomAttribute("alt"))
                  .matches("Query image( of row \\d)?|(First|Second) image|Image of column \\d"));
        }
      }
    }
  }

  private static String page(Path folder) {
    return folder.resolve("site/index.html").toUri().toString();
  }

  private static List<String> expectedOrder(StudyKey key, String participant) {
    Order order = new Order(key.study(), participant);
    List<String> queries = new ArrayList<>();
    for (Phase phase : order.phases(key.phases())) {
      for (Screen screen : order.screens(phase)) {
        order.rows(screen).forEach(row -> queries.add(row.query()));
      }
    }
    return queries;
  }

  private HumanAnswers imported(StudyKey key, Path... files) throws IOException {
    Path answers = Files.createDirectories(temp.resolve("answers"));
    for (Path file : files) {
      Files.copy(file, answers.resolve(file.getFileName()));
    }
    return key.answers(answers, ExclusionRules.none());
  }

  private static void assertScores(HumanAnswers answers) {
    assertEquals(List.of(), answers.faults());
    for (String section : List.of(Studies.PAIRS, Studies.GRIDS)) {
      answers
          .responses(section)
          .scores(new TwoAlternativeForcedChoice())
          .forEach((who, score) -> assertEquals(0.75, score.value(), who));
    }
    for (Participant participant : answers.participants()) {
      assertEquals(participant.checks(), participant.rightChecks());
      assertEquals(2 * N, participant.answered());
    }
  }

  @Test
  void participantOnADesktop_reloadsResumesAndDownloads() throws IOException {
    StudyKey key = Studies.both(N).write(folder);
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(page(folder));
      Person person = new Person(browser, key, PagesTest::mostly, "desktop");
      person.begin("zoë 1");
      person.answer(7);
      String before = person.screen();
      browser.driver.navigate().refresh();
      assertEquals("Welcome back", browser.title());
      person.look("resume");
      browser.press("Go on");
      assertEquals(before, person.screen());
      person.answer(Integer.MAX_VALUE);
      person.look("end");
      assertEquals("Thank you, that was all", browser.title());
      browser.find("#download").click();
      Path file = browser.download();
      assertEquals("answers-zoë_1.json", file.getFileName().toString());
      assertEquals(expectedOrder(key, "zoë 1"), person.seen);
      HumanAnswers answers = imported(key, file);
      assertEquals("zoë 1", answers.participants().get(0).name());
      assertScores(answers);
      // Finished is finished: nobody answers twice by loading the page again.
      browser.driver.navigate().refresh();
      assertEquals("Thank you, that was all", browser.title());
    }
  }

  @Test
  void participantOnAPhone_answersWithoutScrollingAndDownloads() throws IOException {
    StudyKey key = Studies.both(N).write(folder);
    try (Browser browser = Browser.phone(temp)) {
      browser.driver.get(page(folder));
      Person person = new Person(browser, key, PagesTest::mostly, "phone");
      person.begin("");
      while (!browser.has(".choices")) {
        person.answer(1);
      }
      person.screen();
      for (WebElement image : browser.all("main img")) {
        int bottom = image.getRect().getY() + image.getRect().getHeight();
        assertTrue(bottom <= 844, "an image ends at " + bottom);
        assertTrue(image.getRect().getWidth() >= 140, "too small to see: " + image.getRect());
      }
      person.answer(Integer.MAX_VALUE);
      browser.find("#download").click();
      assertScores(imported(key, browser.download()));
    }
  }

  @Test
  void prolificAndTurk_areCarriedThroughAndAnswersPosted() throws Exception {
    BlockingQueue<String> posted = new LinkedBlockingQueue<>();
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    String host = "http://localhost:" + server.getAddress().getPort();
    boolean[] down = {true};
    server.createContext(
        "/answers",
        exchange -> {
          byte[] body = exchange.getRequestBody().readAllBytes();
          exchange.getResponseHeaders().add("Access-Control-Allow-Origin", "*");
          exchange.getResponseHeaders().add("Access-Control-Allow-Headers", "content-type");
          boolean post = exchange.getRequestMethod().equals("POST");
          exchange.sendResponseHeaders(post && down[0] ? 503 : 204, -1);
          if (post && !down[0]) {
            posted.add(new String(body, StandardCharsets.UTF_8));
          }
          down[0] = down[0] && !post;
          exchange.close();
        });
    HumanStudy study = Studies.onlyPairs(3);
    StudyKey key =
        new HumanStudy(
                study.title(),
                study.consent(),
                study.sections(),
                study
                    .presentation()
                    .withScreens(0, 10)
                    .withPixelated(true)
                    .withPostTo(URI.create(host + "/answers"))
                    .withReturnTo(URI.create(host + "/done")))
            .write(folder);
    server.start();
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(page(folder) + "?PROLIFIC_PID=p%0A77&STUDY_ID=s1&SESSION_ID=x1");
      Person prolific = new Person(browser, key, PagesTest::mostly, "prolific");
      assertEquals("p 77", browser.find("#code").getDomProperty("value"));
      prolific.begin("");
      prolific.answer(Integer.MAX_VALUE);
      browser.await(
          "the failure",
          () -> browser.find("#sent").getText().contains("could not be sent") ? true : null);
      prolific.look("not-sent");
      browser.press("Try again");
      Path first =
          Files.writeString(temp.resolve("prolific.json"), posted.poll(20, TimeUnit.SECONDS));
      browser.await(
          "the success",
          () -> browser.find("#sent").getText().contains("have been sent") ? true : null);
      assertEquals(host + "/done", browser.find("#return").getDomAttribute("href"));

      String turk = page(folder) + "?hitId=h1&turkSubmitTo=https%3A%2F%2Fworkersandbox.mturk.com";
      browser.driver.get(turk + "&assignmentId=ASSIGNMENT_ID_NOT_AVAILABLE");
      assertTrue(browser.find("main").getText().contains("This is a preview."));
      assertFalse(browser.has("button.main"));
      browser.driver.get(turk + "&assignmentId=a1&workerId=w1");
      Person worker = new Person(browser, key, row -> false, "turk");
      worker.begin("");
      worker.answer(Integer.MAX_VALUE);
      WebElement form = browser.find("form");
      assertEquals(
          "https://workersandbox.mturk.com/mturk/externalSubmit", form.getDomProperty("action"));
      assertEquals(
          "a1", form.findElement(By.cssSelector("[name=assignmentId]")).getDomProperty("value"));
      String answers = form.findElement(By.cssSelector("[name=answers]")).getDomProperty("value");
      Path second = Files.writeString(temp.resolve("turk.json"), answers);
      assertEquals(answers, posted.poll(20, TimeUnit.SECONDS));

      HumanAnswers both = imported(key, first, second);
      assertEquals(List.of(), both.faults());
      assertEquals(
          Map.of("PROLIFIC_PID", "p 77", "STUDY_ID", "s1", "SESSION_ID", "x1"),
          both.participants().get(0).platform());
      assertEquals("p 77", both.participants().get(0).name());
      assertEquals("w1", both.participants().get(1).name());
      assertEquals("a1", both.participants().get(1).platform().get("assignmentId"));
      var scores = both.responses(Studies.PAIRS).scores(new TwoAlternativeForcedChoice());
      assertEquals(1, scores.get("p 77").value());
      assertEquals(0, scores.get("w1").value());

      // Another address than Mechanical Turk's gets nothing.
      browser.driver.get(
          page(folder) + "?assignmentId=a2&workerId=w2&turkSubmitTo=https%3A%2F%2Fevil.example");
      Person other = new Person(browser, key, PagesTest::mostly, "other");
      other.begin("");
      other.answer(Integer.MAX_VALUE);
      browser.find("#download");
      assertFalse(browser.has("form"));
    } finally {
      server.stop(0);
    }
  }

  /** Whoever chooses before the images are there chose nothing, and sees nothing chosen. */
  @Test
  void choicesInAGrid_beforeItsImagesAreThere_areNotMade() throws IOException {
    HumanStudy both = Studies.both(N);
    new HumanStudy(
            both.title(),
            both.consent(),
            both.sections().subList(1, 2),
            both.presentation().withScreens(0, 10))
        .write(folder);
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(page(folder) + "?participant=a");
      browser.find("#agree").click();
      browser.press("Begin");
      browser.find("main.text h1");
      browser.script(
          "const decode = HTMLImageElement.prototype.decode;"
              + "const held = new Promise(done => window.release = done);"
              + "HTMLImageElement.prototype.decode ="
              + " function () { return held.then(() => decode.call(this)); };");
      browser.press("Begin");
      browser.find("input[data-row='0'][value='1']").click();
      assertFalse(browser.has("input:checked"));
      browser.driver.switchTo().activeElement().sendKeys("2");
      assertFalse(browser.has("input:checked"));
      browser.script("window.release();");
      browser.find("main[data-open]");
      browser.press("Continue");
      assertEquals("Please choose an image in row 1 too.", browser.find("[role=alert]").getText());
      browser.driver.switchTo().activeElement().sendKeys("2");
      assertEquals(1, browser.all("input:checked").size());
    }
  }

  @Test
  void taskOnTurk_takenAgain_isHandedInToTheNewAssignment() throws Exception {
    StudyKey key = Studies.onlyPairs(3).write(folder);
    String turk = page(folder) + "?hitId=h1&turkSubmitTo=https%3A%2F%2Fwww.mturk.com&assignmentId=";
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(turk + "a1&workerId=w1");
      Person worker = new Person(browser, key, PagesTest::mostly, "turk-again");
      worker.begin("");
      worker.answer(2);
      browser.driver.get(turk + "a2&workerId=w1");
      assertEquals("Welcome back", browser.title());
      browser.press("Go on");
      worker.answer(Integer.MAX_VALUE);
      WebElement form = browser.find("form");
      assertEquals(
          "a2", form.findElement(By.cssSelector("[name=assignmentId]")).getDomProperty("value"));
      String answers = form.findElement(By.cssSelector("[name=answers]")).getDomProperty("value");
      HumanAnswers read = imported(key, Files.writeString(temp.resolve("turk.json"), answers));
      assertEquals(List.of(), read.faults());
      assertEquals("a2", read.participants().get(0).platform().get("assignmentId"));
      assertEquals(3, read.participants().get(0).answered());
    }
  }

  @Test
  void personAfterAnother_takesPartUnlessTheLinkNamesOne() throws IOException {
    StudyKey key = Studies.onlyPairs(3).write(folder);
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(page(folder));
      for (String code : List.of("ann", "ben")) {
        Person person = new Person(browser, key, PagesTest::mostly, "after-" + code);
        person.begin(code);
        person.answer(Integer.MAX_VALUE);
        assertEquals(expectedOrder(key, code), person.seen);
        assertEquals("answers-%s.json".formatted(code), downloadName(browser));
        person.look("end");
        browser.press("Another person takes part");
        assertFalse(browser.has("#download"));
      }
      // Answers stay where their code finds them.
      new Person(browser, key, PagesTest::mostly, "after-again").begin("ann");
      assertEquals("Thank you, that was all", browser.title());
      assertEquals("answers-ann.json", downloadName(browser));
      browser.driver.get(page(folder) + "?participant=ann");
      assertEquals("answers-ann.json", downloadName(browser));
      assertFalse(browser.find("main").getText().contains("Another person"));
    }
  }

  private static String downloadName(Browser browser) {
    return String.valueOf(browser.find("#download").getDomAttribute("download"));
  }

  @Test
  void participant_mayStopAndHandInOrDelete() throws IOException {
    StudyKey key = Studies.onlyPairs(6).write(folder);
    try (Browser browser = Browser.desktop(temp)) {
      browser.driver.get(page(folder) + "?participant=a");
      Person person = new Person(browser, key, PagesTest::mostly, "stop");
      person.begin("");
      person.answer(2);
      String before = person.screen();
      browser.press("Stop");
      person.look("asked");
      browser.press("Go on with the study");
      assertEquals(before, person.screen());
      browser.press("Stop");
      browser.press("Hand in my answers so far");
      browser.find("#download").click();
      HumanAnswers answers = imported(key, browser.download());
      assertEquals(key.choices() - 2 - 2, answers.faults().size());
      assertTrue(answers.faults().stream().allMatch(f -> f.kind() == AnswerFault.Kind.MISSING));

      browser.driver.get(page(folder) + "?participant=b");
      Person second = new Person(browser, key, PagesTest::mostly, "delete");
      second.begin("");
      second.answer(2);
      browser.press("Stop");
      browser.press("Delete my answers");
      assertEquals("Your answers are deleted", browser.title());
      browser.driver.navigate().refresh();
      assertNotEquals("Welcome back", browser.title());
    }
  }
}
