package io.metamer.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.studies.ForcedChoices;
import io.metamer.studies.Preset;
import io.metamer.studies.Study;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the pages on studies and presets say can be read, and is all there is. */
final class StudiesTest {

  private static final Path DOCS = Path.of("").toAbsolutePath();

  private static final Pattern YAML = Pattern.compile("```yaml\n(.*?)```", Pattern.DOTALL);

  @Test
  void descriptionOfThePage_isOne(@TempDir Path temp) throws IOException {
    Matcher yaml = YAML.matcher(Files.readString(DOCS.resolve("studies.md")));
    assertTrue(yaml.find());
    Path file = Files.writeString(temp.resolve("study.yaml"), yaml.group(1));
    Study study = Study.read(file);
    assertEquals(5 + 3 + 2, study.regularizers().size());
    assertEquals(4, study.judges().size());
    assertEquals(ForcedChoices.defaults().twoAlternatives(), study.choices().twoAlternatives());
    assertEquals(100, study.pairs().orElseThrow().count().orElseThrow());
  }

  @Test
  void presets_areAllOnTheirPage() throws IOException {
    String page = Files.readString(DOCS.resolve("presets.md"));
    for (Preset preset : Preset.values()) {
      assertTrue(page.contains("`" + preset + "`"), preset::toString);
    }
  }
}
