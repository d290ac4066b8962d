package io.metamer.studies;

import io.metamer.network.Cost;
import io.metamer.network.MachineSpeed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What is left of a study, and what it will take: estimated from five steps of each network with
 * each regularizer, measured after two to warm up.
 *
 * @param images searches in all: networks x regularizers x seeds x targets
 * @param chunks in which they are
 * @param there how many of the chunks are there already
 * @param parts what is left, by network and regularizer
 * @param machine the rates of this machine, for what the network alone would take of a step if
 *     nothing else held it up ({@link Cost#seconds}); empty if nothing is left
 * @param memory resident memory of this process at the measured steps, heap and arrays, in bytes; 0
 *     if nothing is left
 * @param disk what the missing chunks will take, in bytes
 * @param others chunks in the folder that are not of this description: they stay as they are
 * @param otherRuntimes what else made chunks that are there: other versions, engines, backends or
 *     numbers of threads, with which the same chunk may have other bytes
 * @see StudyRun#plan
 * @since 0.1
 */
public record StudyPlan(
    int images,
    int chunks,
    int there,
    List<Part> parts,
    Optional<MachineSpeed> machine,
    long memory,
    long disk,
    List<Path> others,
    List<String> otherRuntimes) {

  /**
   * What is left of a network with a regularizer.
   *
   * @param network the subject's name
   * @param regularizer the penalty's name
   * @param images searches left
   * @param batch images of a measured step
   * @param step seconds of a step, the median of those measured
   * @param cost of the network for one image, up to the representation; penalties come on top
   * @param seconds what is left, if no search ends early
   */
  public record Part(
      String network,
      String regularizer,
      int images,
      int batch,
      double step,
      Cost cost,
      double seconds) {}

  public StudyPlan {
    parts = List.copyOf(parts);
    others = List.copyOf(others);
    otherRuntimes = List.copyOf(otherRuntimes);
  }

  /**
   * How long the missing chunks will take, if no search ends early.
   *
   * @return on this machine as busy as it was
   */
  public Duration time() {
    return Duration.ofMillis(Math.round(1000 * parts.stream().mapToDouble(Part::seconds).sum()));
  }

  /** For people, a few lines, each ended. */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    lines.add("%d searches in %d chunks, %d of them there".formatted(images, chunks, there));
    for (Part part : parts) {
      lines.add(
          "  %s, %s: %d searches, %s ms a step of %d%s, %s"
              .formatted(
                  part.network,
                  part.regularizer,
                  part.images,
                  digits(1000 * part.step),
                  part.batch,
                  machine.map(rates -> predicted(part, rates)).orElse(""),
                  text(Duration.ofMillis(Math.round(1000 * part.seconds)))));
    }
    if (!parts.isEmpty()) {
      lines.add(
          "about %s if no search ends early, %s of memory, %s of disk"
              .formatted(text(time()), bytes(memory), bytes(disk)));
    }
    for (Path other : others) {
      lines.add("of another description, left as it is: " + other);
    }
    for (String runtime : otherRuntimes) {
      lines.add("some chunks were made by another runtime: " + runtime);
    }
    return String.join("\n", lines) + "\n";
  }

  private static String predicted(Part part, MachineSpeed machine) {
    return " (the network: %s GFLOP, %s, at least %s ms)"
        .formatted(
            digits(1e-9 * part.batch * part.cost.operations()),
            bytes(Math.round(part.cost.bytes(part.batch))),
            digits(1000 * part.cost.seconds(part.batch, machine)));
  }

  private static String text(Duration time) {
    if (time.toMinutes() < 1) {
      return digits(time.toMillis() / 1000.0) + " s";
    }
    if (time.toHours() < 1) {
      return "%d:%02d min".formatted(time.toMinutes(), time.toSecondsPart());
    }
    return time.toHours() < 48
        ? "%d:%02d h".formatted(time.toHours(), time.toMinutesPart())
        : "%d days and %d hours".formatted(time.toDays(), time.toHoursPart());
  }

  private static String bytes(long bytes) {
    return bytes < 1e9 ? digits(bytes / 1e6) + " MB" : digits(bytes / 1e9) + " GB";
  }

  /** Two digits or more. */
  private static String digits(double number) {
    return String.format(Locale.ROOT, number < 9.95 ? "%.1f" : "%.0f", number);
  }
}
