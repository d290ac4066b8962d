package io.metamer.studies;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Names that are folders on any file system, and names of images made so. */
final class Names {

  private static final int LONGEST = 60;

  private static final Pattern FOLDER =
      Pattern.compile("[\\p{L}\\p{N}]([\\p{L}\\p{N} ._-]*[\\p{L}\\p{N}_-])?");

  /** What cannot stand in the name of a file everywhere, or would be hard to type. */
  private static final Pattern OTHERS = Pattern.compile("[^\\p{L}\\p{N}._-]+");

  /** What lies beside the networks' folders. */
  private static final Set<String> TAKEN =
      Set.of(
          StudyFolder.DESCRIPTION, StudyFolder.RESULTS, StudyFolder.MEASURED, StudyFolder.REPORT);

  private Names() {}

  static void require(String field, String name) {
    if (!FOLDER.matcher(name).matches()
        || name.length() > LONGEST
        || TAKEN.contains(name.toLowerCase(Locale.ROOT))) {
      throw new IllegalArgumentException(
          "%s: expected up to %d letters, digits, and . _ - and blanks between them, got \"%s\""
              .formatted(field, LONGEST, name));
    }
  }

  /** Names that differ in more than case: some file systems see no other difference. */
  static void requireDifferent(String field, List<String> names) {
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (!seen.add(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException(
            "%s: expected names that differ, got \"%s\" twice".formatted(field, name));
      }
    }
  }

  /** The file of image i: found by number, told by name. */
  static String png(int i, String target) {
    String name = OTHERS.matcher(target).replaceAll("_");
    if (name.length() > LONGEST) {
      // Not between the halves of a character beyond 16 bits.
      int end = Character.isHighSurrogate(name.charAt(LONGEST - 1)) ? LONGEST - 1 : LONGEST;
      name = name.substring(0, end);
    }
    return "%05d-%s.png".formatted(i, name);
  }
}
