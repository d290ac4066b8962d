package io.metamer.metrics;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One experiment in which people named what they saw in images that a network represents
 * identically: proportions of right answers by network, layer and participant.
 *
 * <p>This is the form in which Feather et al. (2023) published theirs: a CSV file with columns
 * {@code experiment}, {@code model}, {@code layer_index}, {@code layer}, {@code participant},
 * {@code human_correct} and {@code network_correct}, and no single trials. Experiments had
 * participants of their own, numbered from 0 in each, so that nothing is pooled over experiments.
 * All intervals are over participants.
 *
 * @apiNote Statistics of trials (agreement, McNemar's test) cannot be had of proportions. Not all
 *     proportions rest on the same number of images, and each participant weighs the same.
 * @see <a href="https://doi.org/10.1038/s41593-023-01442-0">Feather et al. (2023), Model metamers
 *     reveal divergent invariances between biological and artificial neural networks</a>
 * @since 0.1
 */
public final class RecognitionExperiment {

  /** The layer whose "metamers" are the images themselves, the same for all networks. */
  private static final String NATURAL = "natural_image";

  private static final List<String> COLUMNS =
      List.of(
          "experiment",
          "model",
          "layer_index",
          "layer",
          "participant",
          "human_correct",
          "network_correct");

  private final int number;
  private final SortedSet<Integer> participants;

  /** By network, then by layer in the order of depth. */
  private final SortedMap<String, Map<String, Condition>> conditions;

  private RecognitionExperiment(
      int number,
      SortedSet<Integer> participants,
      SortedMap<String, Map<String, Condition>> conditions) {
    this.number = number;
    this.participants = Collections.unmodifiableSortedSet(participants);
    this.conditions = Collections.unmodifiableSortedMap(conditions);
  }

  /** What was measured at one layer of one network, by participant. */
  private record Condition(SortedMap<Integer, Double> people, SortedMap<Integer, Double> network) {

    Condition() {
      this(new TreeMap<>(), new TreeMap<>());
    }

    double[] human() {
      return people.values().stream().mapToDouble(p -> p).toArray();
    }
  }

  /** A row of the file, checked by itself. */
  private record Line(
      Csv.Row row,
      int experiment,
      String network,
      int depth,
      String layer,
      int participant,
      double human,
      double recognised) {

    static Line of(Csv.Row row) throws IOException {
      return new Line(
          row,
          row.whole("experiment"),
          row.text("model"),
          row.whole("layer_index"),
          row.text("layer"),
          row.whole("participant"),
          proportion(row, "human_correct"),
          proportion(row, "network_correct"));
    }

    private static double proportion(Csv.Row row, String column) throws IOException {
      double proportion = row.number(column);
      if (!(proportion >= 0 && proportion <= 1)) {
        throw new IOException(
            "%s, row %d: expected %s in [0, 1], got %s"
                .formatted(row.file(), row.number(), column, proportion));
      }
      return proportion;
    }
  }

  /**
   * Reads all experiments of a file.
   *
   * @param file CSV, in UTF-8, with the columns above in any order
   * @return by number
   * @throws IOException if the file cannot be read, lacks a column, has a value out of range, a
   *     cell twice, or a participant of an experiment without a value somewhere; the row is named
   */
  public static SortedMap<Integer, RecognitionExperiment> read(Path file) throws IOException {
    SortedMap<Integer, List<Line>> lines = new TreeMap<>();
    for (Csv.Row row : Csv.read(file, COLUMNS)) {
      Line line = Line.of(row);
      lines.computeIfAbsent(line.experiment(), experiment -> new ArrayList<>()).add(line);
    }
    SortedMap<Integer, RecognitionExperiment> experiments = new TreeMap<>();
    for (Map.Entry<Integer, List<Line>> each : lines.entrySet()) {
      experiments.put(each.getKey(), of(each.getKey(), each.getValue()));
    }
    return experiments;
  }

  private static RecognitionExperiment of(int number, List<Line> lines) throws IOException {
    lines.sort(Comparator.comparingInt(Line::depth));
    SortedSet<Integer> participants = new TreeSet<>();
    SortedMap<String, Map<String, Condition>> conditions = new TreeMap<>();
    for (Line line : lines) {
      participants.add(line.participant());
      Condition condition =
          conditions
              .computeIfAbsent(line.network(), network -> new LinkedHashMap<>())
              .computeIfAbsent(line.layer(), layer -> new Condition());
      condition.network().put(line.participant(), line.recognised());
      if (condition.people().put(line.participant(), line.human()) != null) {
        throw new IOException(
            "%s, row %d: a second value of participant %d at %s of %s in experiment %d"
                .formatted(
                    line.row().file(),
                    line.row().number(),
                    line.participant(),
                    line.layer(),
                    line.network(),
                    number));
      }
    }
    for (Line line : lines) {
      SortedSet<Integer> missing = new TreeSet<>(participants);
      Condition condition =
          conditions
              .getOrDefault(line.network(), Map.of())
              .getOrDefault(line.layer(), new Condition());
      missing.removeAll(condition.people().keySet());
      if (!missing.isEmpty()) {
        throw new IOException(
            "%s: no value of participants %s at %s of %s in experiment %d"
                .formatted(line.row().file(), missing, line.layer(), line.network(), number));
      }
    }
    return new RecognitionExperiment(number, participants, conditions);
  }

  /**
   * Which experiment this is.
   *
   * @return its number in the file
   */
  public int number() {
    return number;
  }

  /**
   * Who took part.
   *
   * @return numbers of participants, which mean nothing in another experiment
   */
  public SortedSet<Integer> participants() {
    return participants;
  }

  /**
   * Which networks' images were shown.
   *
   * @return their names
   */
  public SortedSet<String> networks() {
    return new TreeSet<>(conditions.keySet());
  }

  /**
   * At which layers images were matched.
   *
   * @param network one of {@link #networks()}
   * @return from the image itself on, in order of depth
   * @throws IllegalArgumentException if there is no such network
   */
  public List<String> layers(String network) {
    return List.copyOf(ofNetwork(network).keySet());
  }

  /**
   * How often people recognise what is shown.
   *
   * @param network one of {@link #networks()}
   * @param layer one of its {@link #layers}
   * @param seed of the resamples
   * @return the mean of the participants' proportions, with an interval over participants
   *     (percentile bootstrap, 10,000 resamples, at 95 %); without width if all are alike
   * @throws IllegalArgumentException if there is no such network or layer
   */
  public Estimate human(String network, String layer, long seed) {
    return Estimate.mean(condition(network, layer).human(), seed);
  }

  /**
   * How people differ.
   *
   * @param network one of {@link #networks()}
   * @param layer one of its {@link #layers}
   * @return the spread of the participants' proportions
   * @throws IllegalArgumentException if there is no such network or layer
   */
  public Spread spread(String network, String layer) {
    return Spread.of(Spread.Over.ANNOTATORS, condition(network, layer).human());
  }

  /**
   * How often the network itself recognises what people were shown.
   *
   * @param network one of {@link #networks()}
   * @param layer one of its {@link #layers}
   * @return the mean over participants of the proportion of the images shown to each
   * @throws IllegalArgumentException if there is no such network or layer
   */
  public double network(String network, String layer) {
    return condition(network, layer).network().values().stream()
        .mapToDouble(p -> p)
        .average()
        .orElseThrow();
  }

  /**
   * Compares people's recognition at a layer of two networks, participant by participant.
   *
   * @param first one of {@link #networks()}
   * @param second another
   * @param layer that both have
   * @param seed of the resamples and signs
   * @return the mean of {@code first - second}
   * @throws IllegalArgumentException if there is no such network or layer
   */
  public PairedDifference difference(String first, String second, String layer, long seed) {
    return PairedDifference.of(
        condition(first, layer).human(), condition(second, layer).human(), seed);
  }

  /**
   * How well half of the participants predict the other half: at which layers of which networks
   * people recognise what is shown. Natural images, the same for all networks, are left out.
   *
   * @param seed decides splits of many participants
   * @return the ceiling; empty if half of the participants recognise everything equally well
   * @throws IllegalArgumentException if there are less than two participants or layers
   */
  public Optional<NoiseCeiling> noiseCeiling(long seed) {
    List<double[]> columns = new ArrayList<>();
    for (Map<String, Condition> layers : conditions.values()) {
      layers.forEach(
          (layer, condition) -> {
            if (!layer.equals(NATURAL)) {
              columns.add(condition.human());
            }
          });
    }
    double[][] byParticipant = new double[participants.size()][columns.size()];
    for (int i = 0; i < byParticipant.length; i++) {
      for (int c = 0; c < columns.size(); c++) {
        byParticipant[i][c] = columns.get(c)[i];
      }
    }
    return NoiseCeiling.of(byParticipant, seed);
  }

  private Condition condition(String network, String layer) {
    Condition condition = ofNetwork(network).get(layer);
    if (condition == null) {
      throw new IllegalArgumentException(
          "expected a layer of %s among %s, got %s".formatted(network, layers(network), layer));
    }
    return condition;
  }

  private Map<String, Condition> ofNetwork(String network) {
    Map<String, Condition> layers = conditions.get(network);
    if (layers == null) {
      throw new IllegalArgumentException(
          "expected a network of experiment %d among %s, got %s"
              .formatted(number, conditions.keySet(), network));
    }
    return layers;
  }
}
