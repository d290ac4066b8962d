package io.metamer.studies;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The description of many searches: each target, inverted through each network with each
 * regularizer from each seed. An immutable value, which a YAML file or code makes.
 *
 * <p>The images of a network, a regularizer and a seed are cut, in the order of the targets, into
 * <em>chunks</em>. A chunk is the unit of work: its images are searched for together, wait for and
 * follow each other in a fixed order, and are written together. So what is in a chunk depends on
 * nothing but the description, and a run that is cut short anywhere loses one chunk's work.
 *
 * @param networks what is inverted, at least one, by different names
 * @param regularizers with which penalties, at least one, by different names
 * @param targets the images whose representations are matched
 * @param seeds where the searches start
 * @param search how they go
 * @param pairs images whose random pairs say how far apart unrelated images are, for certificates;
 *     where they are not given, the targets of each chunk
 * @param chunk images of a chunk, at least 1
 * @param floats whether the images are kept as NumPy's float32 beside the 8-bit PNG files
 * @param judges who looks at what was found; none if nobody does. They come after the search, and
 *     its chunks do not depend on them
 * @param choices what the judges are asked
 * @see StudyRun
 * @since 0.1
 */
public record Study(
    List<Subject> networks,
    List<Penalty> regularizers,
    Targets targets,
    Start seeds,
    SearchRecipe search,
    Optional<Targets> pairs,
    int chunk,
    boolean floats,
    List<DistanceRecipe> judges,
    ForcedChoices choices) {

  /** Images of a chunk, unless said otherwise: the default batch, filled once. */
  public static final int DEFAULT_CHUNK = 32;

  public Study {
    networks = List.copyOf(networks);
    regularizers = List.copyOf(regularizers);
    judges = List.copyOf(judges);
    if (networks.isEmpty()) {
      throw new IllegalArgumentException("networks: expected at least one, got none");
    }
    if (regularizers.isEmpty()) {
      throw new IllegalArgumentException("regularizers: expected at least one, got none");
    }
    Names.requireDifferent("networks", networks.stream().map(Subject::name).toList());
    Names.requireDifferent("regularizers", regularizers.stream().map(Penalty::name).toList());
    if (chunk < 1) {
      throw new IllegalArgumentException("chunk: expected at least 1 image, got " + chunk);
    }
    if (judges.stream().distinct().count() < judges.size()) {
      throw new IllegalArgumentException("judges: expected each once, got " + judges);
    }
  }

  /**
   * A study without judges.
   *
   * @param networks what is inverted, at least one, by different names
   * @param regularizers with which penalties, at least one, by different names
   * @param targets the images whose representations are matched
   * @param seeds where the searches start
   * @param search how they go
   * @param pairs images for random pairs, or none
   * @param chunk images of a chunk, at least 1
   * @param floats whether the images are kept as NumPy's float32 too
   * @throws IllegalArgumentException if there are no networks or regularizers, two have one name,
   *     or a chunk has no images
   */
  public Study(
      List<Subject> networks,
      List<Penalty> regularizers,
      Targets targets,
      Start seeds,
      SearchRecipe search,
      Optional<Targets> pairs,
      int chunk,
      boolean floats) {
    this(
        networks,
        regularizers,
        targets,
        seeds,
        search,
        pairs,
        chunk,
        floats,
        List.of(),
        ForcedChoices.defaults());
  }

  /**
   * Reads a description.
   *
   * @param file YAML, in UTF-8; the paths in it are relative to its folder
   * @return the study
   * @throws IOException if the file is missing or is no description; the message names the line,
   *     the field and what was expected
   */
  public static Study read(Path file) throws IOException {
    return StudyReader.read(file);
  }

  /**
   * The description as YAML, with all paths in full: {@link #read} makes an equal one of it.
   *
   * @return lines, each ended
   */
  public String yaml() {
    return StudyWriter.yaml(this);
  }

  /**
   * A study of chunks of {@value #DEFAULT_CHUNK}, without files of floats.
   *
   * @param networks what is inverted, at least one, by different names
   * @param regularizers with which penalties, at least one, by different names
   * @param targets the images whose representations are matched
   * @param seeds where the searches start
   * @param search how they go
   * @return the study
   * @throws IllegalArgumentException if there are no networks or regularizers, or two have one name
   */
  public static Study of(
      List<Subject> networks,
      List<Penalty> regularizers,
      Targets targets,
      Start seeds,
      SearchRecipe search) {
    return new Study(
        networks, regularizers, targets, seeds, search, Optional.empty(), DEFAULT_CHUNK, false);
  }

  /**
   * Copies with images for random pairs.
   *
   * @param pairs at least two that differ; 100 give all the pairs that are looked at
   * @return the copy
   */
  public Study withPairs(Targets pairs) {
    return new Study(
        networks,
        regularizers,
        targets,
        seeds,
        search,
        Optional.of(pairs),
        chunk,
        floats,
        judges,
        choices);
  }

  /**
   * Copies with another size of chunk.
   *
   * @param chunk images of a chunk, at least 1
   * @return the copy
   * @throws IllegalArgumentException if below 1
   */
  public Study withChunk(int chunk) {
    return new Study(
        networks, regularizers, targets, seeds, search, pairs, chunk, floats, judges, choices);
  }

  /**
   * Copies with the images in full precision beside the PNG files, or without.
   *
   * @param floats whether NumPy's float32 files are written
   * @return the copy
   */
  public Study withFloats(boolean floats) {
    return new Study(
        networks, regularizers, targets, seeds, search, pairs, chunk, floats, judges, choices);
  }

  /**
   * Copies with judges.
   *
   * @param judges who looks at what was found, each once
   * @param choices what they are asked
   * @return the copy
   * @throws IllegalArgumentException if a judge is there twice
   */
  public Study withJudges(List<DistanceRecipe> judges, ForcedChoices choices) {
    return new Study(
        networks, regularizers, targets, seeds, search, pairs, chunk, floats, judges, choices);
  }
}
