package io.metamer.metrics;

import io.metamer.perceptual.PerceptualDistance;
import java.util.List;
import java.util.stream.Stream;

/**
 * Several observers who judge the same images, each by itself.
 *
 * <p>A score of one perceptual distance is a fact about that distance too. A panel shows how far
 * its judges agree.
 *
 * @param judges at least one, each of another name
 * @param everyJudge whether judges that rest on a distance which the search was regularized with
 *     are asked too; otherwise they are held out
 * @see AlignmentMetric#measure(io.metamer.inversion.InversionResult, JudgePanel)
 * @since 0.1
 */
public record JudgePanel(List<Observer> judges, boolean everyJudge) {

  public JudgePanel {
    judges = List.copyOf(judges);
    List<String> names = judges.stream().map(Observer::name).toList();
    if (judges.isEmpty() || names.stream().distinct().count() < names.size()) {
      throw new IllegalArgumentException(
          "expected one or more judges of different names, got " + names);
    }
  }

  /**
   * A panel whose judges are held out where they took part in the search.
   *
   * @param judges at least one, each of another name
   */
  public JudgePanel(List<Observer> judges) {
    this(judges, false);
  }

  /**
   * A panel of perceptual distances.
   *
   * @param distances at least one, each of another name; stay the caller's
   * @return one {@link PerceptualObserver} for each
   * @throws IllegalArgumentException if there are none, or two of the same name
   */
  public static JudgePanel of(PerceptualDistance... distances) {
    return new JudgePanel(Stream.of(distances).<Observer>map(PerceptualObserver::new).toList());
  }

  /**
   * The same judges, none held out: for showing what holding out is for.
   *
   * @return a copy
   */
  public JudgePanel askingEveryJudge() {
    return new JudgePanel(judges, true);
  }
}
