package io.metamer.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.model.Dl4jNetwork;
import io.metamer.model.KerasNetwork;
import io.metamer.model.OnnxNetwork;
import io.metamer.model.Supported;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The page "Bring your own network" lists what the code can read, and quotes recipes that exist.
 */
final class SupportedTest {

  private static final Path DOCS = Path.of("").toAbsolutePath();
  private static final Path PAGE = DOCS.resolve("bring-your-own-network.md");

  static Stream<Arguments> formats() {
    return Stream.of(
        Arguments.of("onnx", OnnxNetwork.supported()),
        Arguments.of("keras", KerasNetwork.supported()),
        Arguments.of("dl4j", Dl4jNetwork.supported()));
  }

  /** After a change of the code's tables, the text that is expected here belongs into the page. */
  @ParameterizedTest
  @MethodSource("formats")
  void tableOfTheFormat_isThatOfTheCode(String format, List<Supported> supported)
      throws IOException {
    Matcher table =
        Pattern.compile("<!-- " + format + " -->\n(.*?)<!-- end -->", Pattern.DOTALL)
            .matcher(Files.readString(PAGE));
    assertTrue(table.find(), format);
    assertEquals(table(supported), table.group(1));
  }

  @Test
  void pythonOfThePage_isPartOfTheRecipes() throws IOException {
    StringBuilder recipes = new StringBuilder();
    for (String recipe : List.of("torch_network.py", "keras_network.py")) {
      recipes.append(squeezed(Files.readString(DOCS.resolve("recipes").resolve(recipe))));
    }
    Matcher block =
        Pattern.compile("```python\n(.*?)```", Pattern.DOTALL).matcher(Files.readString(PAGE));
    int blocks = 0;
    while (block.find()) {
      blocks++;
      assertTrue(recipes.indexOf(squeezed(block.group(1))) >= 0, block.group(1));
    }
    assertFalse(blocks == 0);
  }

  private static String table(List<Supported> supported) {
    return "| kind | names |\n|---|---|\n"
        + supported.stream()
            .map(
                s ->
                    "| %s | %s |\n"
                        .formatted(
                            s.kind(),
                            s.names().stream()
                                .map(name -> "`" + name + "`")
                                .collect(Collectors.joining(", "))))
            .collect(Collectors.joining());
  }

  private static String squeezed(String text) {
    return text.replaceAll("\\s+", "");
  }
}
