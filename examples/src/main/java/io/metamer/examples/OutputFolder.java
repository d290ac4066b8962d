package io.metamer.examples;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * The folder that a command writes to: a new or empty one, or one that the command wrote before.
 */
final class OutputFolder {

  /** Says that everything in the folder is this program's and may be replaced. */
  private static final String MARKER = ".metamer";

  private OutputFolder() {}

  /**
   * Makes the folder, and checks that it may be written to.
   *
   * @param folder need not exist
   * @throws BadInput if there is something in it that the command did not write
   * @throws IOException if it cannot be made
   */
  static void claim(Path folder) throws IOException {
    if (Files.exists(folder) && !Files.isDirectory(folder)) {
      throw new BadInput("--out %s is a file, expected a folder.".formatted(folder));
    }
    Files.createDirectories(folder);
    if (!Files.exists(folder.resolve(MARKER)) && !empty(folder)) {
      throw new BadInput(
          "--out %s holds files that metamer did not write; name a new or an empty folder."
              .formatted(folder));
    }
    Files.writeString(
        folder.resolve(MARKER), "Written by metamer, which replaces this folder's content.\n");
  }

  /**
   * Deletes what a former run wrote and this one might not write again.
   *
   * @param folder a folder that was claimed
   * @throws IOException if something cannot be deleted
   */
  static void clear(Path folder) throws IOException {
    try (DirectoryStream<Path> grids = Files.newDirectoryStream(folder, "grid-*.png")) {
      for (Path grid : grids) {
        Files.delete(grid);
      }
    }
    Path images = folder.resolve("images");
    if (Files.isDirectory(images)) {
      delete(images);
    }
  }

  private static boolean empty(Path folder) throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
      return !entries.iterator().hasNext();
    }
  }

  /** Deletes a folder and all that is in it. */
  static void delete(Path top) throws IOException {
    Files.walkFileTree(
        top,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
