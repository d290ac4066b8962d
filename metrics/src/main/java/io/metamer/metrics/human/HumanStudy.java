package io.metamer.metrics.human;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * A forced-choice experiment with people: which images, what is asked, and what people are told.
 *
 * <p>{@link #write} makes a website of it that needs no server: each person sees all trials, in an
 * order of their own, and the answers are a file that {@link StudyKey} reads.
 *
 * @param title as people see it
 * @param consent what people agree to before they begin; paragraphs are parted by empty lines
 * @param sections at least one, with names of their own
 * @param presentation how it is put before people
 * @since 0.1
 */
public record HumanStudy(
    String title, String consent, List<Section> sections, Presentation presentation) {

  /** The folder of the website, in that of the study. */
  public static final String SITE = "site";

  /** The file that tells which answers are right; it is not to be published. */
  public static final String KEY = "key.json";

  private static final List<String> PAGES = List.of("index.html", "study.css", "study.js");

  public HumanStudy {
    sections = List.copyOf(sections);
    if (title.isBlank() || consent.isBlank()) {
      throw new IllegalArgumentException(
          "expected a title and a text of consent, got '%s' and '%s'".formatted(title, consent));
    }
    if (sections.isEmpty()) {
      throw new IllegalArgumentException("expected at least one section, got none");
    }
    Set<String> names = new HashSet<>();
    for (Section section : sections) {
      if (!names.add(section.name())) {
        throw new IllegalArgumentException(
            "expected sections with names of their own, got two named " + section.name());
      }
    }
  }

  /**
   * Writes the website and its key.
   *
   * @param folder a new or empty one: {@code site/}, to be put on a web host or opened as it is,
   *     and {@code key.json}, to be kept
   * @return the key
   * @throws IOException if there are files in the folder, an image cannot be read, or something
   *     cannot be written
   */
  public StudyKey write(Path folder) throws IOException {
    requireEmpty(folder);
    Path images = folder.resolve(SITE).resolve("images");
    Files.createDirectories(images);
    StudyKey key = Layout.of(this, images);
    Path site = folder.resolve(SITE);
    ObjectNode shown = key.site();
    Files.writeString(site.resolve("experiment.js"), "window.METAMER_STUDY = " + shown + ";\n");
    for (String page : PAGES) {
      try (InputStream resource = HumanStudy.class.getResourceAsStream(page)) {
        if (resource == null) {
          throw new AssertionError(page + " is not in the jar");
        }
        Files.copy(resource, site.resolve(page));
      }
    }
    // Last: with a key, the site is whole.
    key.write(folder.resolve(KEY));
    return key;
  }

  private static void requireEmpty(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
        if (entries.iterator().hasNext()) {
          throw new IOException("%s holds files; name a new or an empty folder".formatted(folder));
        }
      }
    }
  }
}
