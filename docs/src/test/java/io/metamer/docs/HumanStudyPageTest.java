package io.metamer.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.metrics.SampleSize;
import io.metamer.metrics.human.ExclusionRules;
import io.metamer.metrics.human.Presentation;
import io.metamer.metrics.human.Task;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Numbers and options of the page "Running a human study" are those of the code. */
final class HumanStudyPageTest {

  private static final Path DOCS = Path.of("").toAbsolutePath();

  private static String page() throws IOException {
    return Files.readString(DOCS.resolve("running-a-human-study.md")).replaceAll("\\s+", " ");
  }

  private static void assertSays(String text) throws IOException {
    assertTrue(page().contains(text), text);
  }

  @Test
  void questionsOfThePage_areThoseOnTheScreens() throws IOException {
    for (Task task : Task.values()) {
      assertSays("| %s | \"%s\"".formatted(task, task.question()));
    }
  }

  @Test
  void defaultsOfThePage_areThoseOfTheCode() throws IOException {
    assertSays("number of choices times %.0f seconds".formatted(Presentation.DEFAULT_SECONDS));
    assertEquals(10, Presentation.DEFAULT_CHECK_EVERY);
    assertSays("One screen in eleven is an attention check");
    ExclusionRules rules = ExclusionRules.defaults();
    assertTrue(rules.incomplete());
    assertSays("less than %.0f %% of the attention checks".formatted(100 * rules.rightChecks()));
    for (ExclusionRules.Fast limit : rules.tooFast()) {
      assertSays("at least %.0f %%".formatted(100 * limit.share()));
      assertSays("in less than %d ms".formatted(limit.below().toMillis()));
    }
  }

  @Test
  void guessersOfThePage_passAsOftenAsTheBinomialSays() throws IOException {
    assertSays(
        "passes 5 checks with probability %s, 10 with %s and 20 with %s"
            .formatted(passes(5, "%.2f"), passes(10, "%.3f"), passes(20, "%.3f")));
  }

  private static String passes(int checks, String format) {
    BigInteger ways = BigInteger.ZERO;
    BigInteger binomial = BigInteger.ONE;
    for (int right = 0; right <= checks; right++) {
      if (right >= ExclusionRules.DEFAULT_RIGHT_CHECKS * checks) {
        ways = ways.add(binomial);
      }
      binomial =
          binomial
              .multiply(BigInteger.valueOf(checks - right))
              .divide(BigInteger.valueOf(right + 1));
    }
    return String.format(Locale.ROOT, format, ways.doubleValue() / Math.pow(2, checks));
  }

  @Test
  void sampleSizesOfThePage_areThoseOfTheCode() throws IOException {
    int independent = SampleSize.answers(0.8, 0.1);
    assertSays("`SampleSize.answers(0.8, 0.1)` says %d".formatted(independent));
    int ofPeople = SampleSize.clustered(independent, 100, 0.1);
    assertSays(
        "`SampleSize.clustered(%d, 100, 0.1)` says %d answers, so %d people"
            .formatted(independent, ofPeople, (ofPeople + 99) / 100));
    int ofImages = SampleSize.clustered(independent, 27, 0.3);
    assertSays(
        "`SampleSize.clustered(%d, 27, 0.3)` = %d answers, so %d images"
            .formatted(independent, ofImages, (ofImages + 26) / 27));
  }

  @Test
  void optionsOfThePage_areThoseOfTheCommands() throws IOException {
    String commands = "";
    for (String name : new String[] {"HumanSite", "HumanResults"}) {
      commands +=
          Files.readString(
              DOCS.resolve("../examples/src/main/java/io/metamer/examples/" + name + ".java"));
    }
    Matcher option = Pattern.compile("(?<![\\w-])--[a-z][a-z-]+").matcher(page());
    int options = 0;
    while (option.find()) {
      options++;
      assertTrue(commands.contains("\"" + option.group() + "\""), option.group());
    }
    assertTrue(options > 10);
  }
}
