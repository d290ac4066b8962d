package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CompareStepsTest {

  private final Path temp;

  CompareStepsTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void chart_ofAllRules_isWritten() throws IOException {
    Path file = temp.resolve("steps.png");
    CompareSteps.main(new String[] {file.toString(), "2", "2"});
    assertEquals(2_740, ImageIO.read(file.toFile()).getWidth());
  }

  @Test
  void main_withoutArguments_saysWhatItExpects() {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> CompareSteps.main(new String[0]));
    assertEquals("expected a file, a number of iterations and of images", e.getMessage());
  }
}
