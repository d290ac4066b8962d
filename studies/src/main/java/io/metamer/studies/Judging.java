package io.metamer.studies;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.metrics.AlignmentMetric;
import io.metamer.metrics.Answer;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.PerceptualObserver;
import io.metamer.metrics.Stimuli;
import io.metamer.metrics.Trial;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.perceptual.PerceptualDistance;
import io.metamer.studies.StudyScores.Part;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Shows the images of a study to its judges. What a judge answered is kept in a file, by a key of
 * all that it depends on, and not asked again.
 */
final class Judging {

  /** What is kept of answers, beside the study's other files. */
  static final String FOLDER = StudyFolder.MEASURED + "/answers";

  private static final String FIRST = "trial,correct,choice,distances\n";

  /** Trials that a judge is asked about before an interrupt is heard. */
  private static final int PIECE = 64;

  /** The fewest images that can be grouped into a triple. */
  private static final int TRIPLE = 3;

  /**
   * A test, its trials, and the noise that its seeds are, where it is another than the search's.
   */
  private record Design(
      AlignmentMetric metric, int repetition, List<Trial> trials, Optional<Long> otherSeed) {}

  private final Study study;
  private final StudyFolder folder;
  private final TargetFiles targets;

  Judging(Study study, StudyFolder folder, TargetFiles targets) {
    this.study = study;
    this.folder = folder;
    this.targets = targets;
  }

  /** Is told what was answered. */
  interface Progress {
    void answered(Inverted search, String judge);
  }

  /** How many times a judge is asked about the images of one search. */
  int designs() {
    ForcedChoices choices = study.choices();
    return (choices.twoAlternatives().isPresent() ? 1 : 0)
        + choices.clustering().map(ForcedChoices.Grids::repetitions).orElse(0);
  }

  /**
   * What each judge says of the images of one search, in each test.
   *
   * @throws InterruptedIOException if the thread is interrupted; what was answered is kept
   * @throws IOException if an image or a file of answers cannot be read or written
   */
  List<Verdict> verdicts(Inverted search, List<DescribedDistance> judges, Progress progress)
      throws IOException {
    List<Verdict> verdicts = new ArrayList<>();
    for (Design design : designs(search)) {
      try (Shown shown = new Shown(search, design.otherSeed)) {
        for (DescribedDistance judge : judges) {
          Part part = part(judge, search);
          boolean asked = part == Part.NONE || study.choices().everyJudge();
          verdicts.add(
              new Verdict(
                  search.subject().name(),
                  search.penalty().name(),
                  search.seed(),
                  design.metric,
                  design.repetition,
                  judge.name(),
                  part,
                  search.targets(),
                  search.distances(),
                  search.tolerance(),
                  asked ? answers(search, design, judge, shown) : List.of()));
          progress.answered(search, judge.name());
        }
      }
    }
    return verdicts;
  }

  private static Part part(DescribedDistance judge, Inverted search) {
    for (PerceptualDistance used : search.used()) {
      if (used.equals(judge) || used.name().equals(judge.name())) {
        return Part.REGULARIZER;
      }
    }
    boolean same = !judge.network().isEmpty() && judge.network().equals(search.network());
    return same ? Part.NETWORK : Part.NONE;
  }

  private List<Design> designs(Inverted search) {
    int n = search.targets().size();
    List<Design> designs = new ArrayList<>();
    study
        .choices()
        .twoAlternatives()
        .ifPresent(
            two -> {
              TwoAlternativeForcedChoice metric =
                  two.tiesCount()
                      ? TwoAlternativeForcedChoice.released()
                      : new TwoAlternativeForcedChoice();
              designs.add(new Design(metric, 1, metric.trials(n), two.seed()));
            });
    study
        .choices()
        .clustering()
        .filter(grids -> n >= TRIPLE)
        .ifPresent(
            grids -> {
              List<String> groups = grids.groups(search.names());
              for (int r = 0; r < grids.repetitions(); r++) {
                Clustering metric = new Clustering(grids.seed() + r, groups);
                designs.add(new Design(metric, r + 1, metric.trials(n), Optional.empty()));
              }
            });
    return designs;
  }

  private List<Answer> answers(Inverted search, Design design, DescribedDistance judge, Shown shown)
      throws IOException {
    String key = key(search, design, judge);
    String name = "%s/%s.csv".formatted(FOLDER, key.substring(0, 16));
    String head =
        "# %s; %s by %s; key %s\n%s"
            .formatted(search, design.metric.name(), judge.name(), key, FIRST);
    Optional<List<Answer>> kept = kept(name, head, design.trials);
    if (kept.isPresent()) {
      return kept.get();
    }
    List<Answer> answers = new ArrayList<>();
    // Some at a time, so that an interrupt is heard.
    for (int from = 0; from < design.trials.size(); from += PIECE) {
      if (Thread.currentThread().isInterrupted()) {
        throw new InterruptedIOException("interrupted");
      }
      List<Trial> some = design.trials.subList(from, Math.min(design.trials.size(), from + PIECE));
      answers.addAll(new PerceptualObserver(judge).answer(shown.stimuli(), some));
    }
    StringBuilder text = new StringBuilder(head);
    for (Answer answer : answers) {
      text.append(answer.trial().id()).append(',').append(answer.trial().correct()).append(',');
      answer.choice().ifPresent(text::append);
      answer.distances().forEach(d -> text.append(',').append(d));
      text.append('\n');
    }
    folder.write(name, text.toString().getBytes(StandardCharsets.UTF_8));
    return answers;
  }

  /** What was answered before; nothing if there is no such file, or it is damaged. */
  private Optional<List<Answer>> kept(String name, String head, List<Trial> trials)
      throws IOException {
    Optional<String> text = folder.read(name);
    if (text.isEmpty() || !text.get().startsWith(head) || !text.get().endsWith("\n")) {
      return Optional.empty();
    }
    List<String> lines = text.get().substring(head.length()).lines().toList();
    if (lines.size() != trials.size()) {
      return Optional.empty();
    }
    List<Answer> answers = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      Trial trial = trials.get(i);
      String[] fields = lines.get(i).split(",", -1);
      if (fields.length != 3 + trial.alternatives().size() || !fields[0].equals(trial.id())) {
        return Optional.empty();
      }
      try {
        answers.add(
            Answer.nearest(trial, Arrays.stream(fields).skip(3).map(Double::valueOf).toList()));
      } catch (NumberFormatException | ArithmeticException e) {
        return Optional.empty();
      }
    }
    return Optional.of(answers);
  }

  private String key(Inverted search, Design design, DescribedDistance judge) {
    List<String> text = new ArrayList<>();
    text.add("answers, format 2");
    text.add("judge " + judge);
    text.add("test %s %s".formatted(design.metric.name(), design.trials));
    text.add(
        "seeds "
            + design
                .otherSeed
                .map(seed -> "%s %s %d".formatted(study.seeds().kind(), preset(), seed))
                .orElse("of the search"));
    // A chunk that was made again by another runtime has the same key, and other images: what is
    // said of
    // them tells them apart.
    search
        .chunks()
        .forEach(
            (chunk, said) -> text.add("chunk %s %s".formatted(chunk.key(), said.get("images"))));
    return Sha256.ofText(text.toArray(String[]::new));
  }

  private Preset preset() {
    return study.search().preset();
  }

  /** The images of a search, read when a judge has to see them. */
  private final class Shown implements AutoCloseable {

    private final Inverted search;
    private final Optional<Long> otherSeed;
    private @Nullable Stimuli stimuli;
    private final List<INDArray> arrays = new ArrayList<>();

    Shown(Inverted search, Optional<Long> otherSeed) {
      this.search = search;
      this.otherSeed = otherSeed;
    }

    Stimuli stimuli() throws IOException {
      if (stimuli == null) {
        List<INDArray> targetsOf = new ArrayList<>();
        List<INDArray> seedsOf = new ArrayList<>();
        List<INDArray> images = new ArrayList<>();
        ImageSpec spec = search.input();
        for (Map.Entry<Chunk, ObjectNode> entry : search.chunks().entrySet()) {
          Chunk chunk = entry.getKey();
          int first = chunk.first();
          int n = chunk.targets().size();
          targetsOf.add(targets.read(first, first + n, spec));
          seedsOf.add(
              spec.clip(
                  study
                      .seeds()
                      .seeds(
                          preset(),
                          search.penalty().fourier(),
                          spec,
                          first,
                          n,
                          otherSeed.orElse(search.seed()))));
          images.add(Images.read(folder.images(chunk, entry.getValue()), spec));
        }
        stimuli = Stimuli.of(spec, joined(targetsOf), joined(seedsOf), joined(images));
      }
      return stimuli;
    }

    private INDArray joined(List<INDArray> parts) {
      // Of a single array, ND4J's concatenation is that array.
      INDArray all =
          parts.size() == 1 ? parts.get(0) : Nd4j.concat(0, parts.toArray(INDArray[]::new));
      arrays.add(all);
      parts.stream().filter(part -> part != all).forEach(INDArray::close);
      return all;
    }

    @Override
    public void close() {
      arrays.forEach(INDArray::close);
    }
  }
}
