package io.metamer.examples;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputFolderTest {

  private final Path temp;

  OutputFolderTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void claim_ofANewFolder_makesIt() throws IOException {
    OutputFolder.claim(temp.resolve("a/b"));
    assertTrue(Files.isDirectory(temp.resolve("a/b")));
  }

  @Test
  void claim_ofAFolderOfOurs_passesAgain() throws IOException {
    OutputFolder.claim(temp);
    Files.writeString(temp.resolve("report.html"), "old");
    assertDoesNotThrow(() -> OutputFolder.claim(temp));
  }

  @Test
  void claim_ofAFolderWithSomethingElse_isRefusedAndLeftAsItWas() throws IOException {
    Files.writeString(temp.resolve("thesis.tex"), "years of work");
    BadInput e = assertThrows(BadInput.class, () -> OutputFolder.claim(temp));
    assertTrue(
        String.valueOf(e.getMessage()).contains("files that metamer did not write"), e::toString);
    try (var files = Files.list(temp)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void claim_ofAFile_isRefused() throws IOException {
    Path file = Files.writeString(temp.resolve("file"), "");
    BadInput e = assertThrows(BadInput.class, () -> OutputFolder.claim(file));
    assertTrue(
        String.valueOf(e.getMessage()).contains("is a file, expected a folder"), e::toString);
  }

  @Test
  void clear_deletesGridsAndImages_andNothingElse() throws IOException {
    Files.createDirectories(temp.resolve("images/net/none"));
    Files.writeString(temp.resolve("images/net/none/1.png"), "");
    Files.writeString(temp.resolve("grid-old.png"), "");
    Files.writeString(temp.resolve("notes.txt"), "");
    OutputFolder.clear(temp);
    assertFalse(Files.exists(temp.resolve("images")));
    assertFalse(Files.exists(temp.resolve("grid-old.png")));
    assertTrue(Files.exists(temp.resolve("notes.txt")));
  }
}
