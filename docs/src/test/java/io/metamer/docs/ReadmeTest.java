package io.metamer.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the README and the pages of docs say is so. */
final class ReadmeTest {

  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)[^)]*\\)");

  @Test
  void javaOfTheReadme_isPartOfTheProgramThatIsTested() throws IOException {
    String program =
        squeezed(
            Files.readString(
                ROOT.resolve("examples/src/main/java/io/metamer/examples/InvertOwnNetwork.java")));
    List<String> blocks = blocks(read("README.md"), "java");
    assertFalse(blocks.isEmpty());
    for (String block : blocks) {
      assertTrue(program.contains(squeezed(block)), "not in InvertOwnNetwork: " + block);
    }
  }

  @Test
  void commandsOfTheReadme_areThoseThatContinuousIntegrationRuns() throws IOException {
    String readme = read("README.md");
    String ci = Files.readString(ROOT.resolve(".ci/run"));
    assertTrue(readme.contains("\n    mvn verify\n") && ci.contains("mvn -B -ntp verify\n"), ci);
    assertTrue(
        readme.contains("\n    examples/bin/metamer demo\n")
            && ci.contains("\nexamples/bin/metamer demo "),
        ci);
    assertTrue(Files.isExecutable(ROOT.resolve("examples/bin/metamer")));
  }

  @Test
  void coordinatesOfTheReadme_areThoseOfTheProject() throws IOException {
    String readme = read("README.md");
    Matcher version =
        Pattern.compile("<version>([^<]+)</version>")
            .matcher(Files.readString(ROOT.resolve("pom.xml")));
    assertTrue(version.find());
    List<String> xml = blocks(readme, "xml");
    Matcher coordinates =
        Pattern.compile(
                "<groupId>io\\.metamer</groupId>\\s*<artifactId>metamer-(\\w+)</artifactId>\\s*<version>([^<]+)</version>")
            .matcher(String.join("\n", xml));
    int found = 0;
    while (coordinates.find()) {
      found++;
      assertTrue(
          Files.exists(ROOT.resolve(coordinates.group(1)).resolve("pom.xml")), coordinates.group());
      assertEquals(version.group(1), coordinates.group(2));
    }
    assertTrue(found > 0);
  }

  @Test
  void links_leadToFiles() throws IOException {
    for (Path page : pages()) {
      Matcher link = LINK.matcher(Files.readString(page));
      while (link.find()) {
        String target = link.group(1);
        if (!target.contains("://") && !target.startsWith("mailto:")) {
          Path file = page.resolveSibling(target);
          assertTrue(Files.exists(file), "%s links to %s".formatted(ROOT.relativize(page), target));
        }
      }
    }
  }

  @Test
  void pages_speakOfNoMachine() throws IOException {
    for (Path page : pages()) {
      String text = Files.readString(page);
      assertFalse(Pattern.compile("/(home|root|work|tmp)/").matcher(text).find(), page.toString());
    }
  }

  private static List<Path> pages() throws IOException {
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"), 2);
        Stream<Path> examples = Files.walk(ROOT.resolve("examples"), 2);
        Stream<Path> top = Files.list(ROOT)) {
      List<Path> pages =
          Stream.of(docs, examples, top)
              .flatMap(paths -> paths)
              .filter(p -> p.toString().endsWith(".md"))
              .collect(Collectors.toList());
      assertTrue(pages.size() >= 4);
      return pages;
    }
  }

  private static String read(String name) throws IOException {
    return Files.readString(ROOT.resolve(name));
  }

  private static List<String> blocks(String page, String language) {
    return Pattern.compile("```" + language + "\n(.*?)```", Pattern.DOTALL)
        .matcher(page)
        .results()
        .map(m -> m.group(1))
        .toList();
  }

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
