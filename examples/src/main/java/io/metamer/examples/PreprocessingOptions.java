package io.metamer.examples;

import io.metamer.model.ModelId;
import io.metamer.model.Preprocessing;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code --network} wants done to images, as options of a command. */
final class PreprocessingOptions {

  /** Lists the presets. */
  static final class Names implements Iterable<String> {
    @Override
    public Iterator<String> iterator() {
      return Preprocessing.presets().keySet().iterator();
    }
  }

  @Option(
      names = "--preprocessing",
      paramLabel = "NAME",
      completionCandidates = Names.class,
      description =
          "What the network wants done to pixels, by name: ${COMPLETION-CANDIDATES}. In place of"
              + " --mean and --std.")
  private @Nullable String name;

  @Option(
      names = "--mean",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "A,B,C",
      description =
          "What the network wants subtracted from pixels: one number, or one a channel. Default:"
              + " 0.")
  private double @Nullable [] mean;

  @Option(
      names = "--std",
      split = ",",
      hideParamSyntax = true,
      paramLabel = "A,B,C",
      description = "What the network then wants the pixels divided by. Default: 1.")
  private double @Nullable [] std;

  Preprocessing preprocessing() {
    if (name == null) {
      // Of one number and several, the one is that of each channel.
      double[] means = mean == null ? new double[] {0} : mean;
      double[] stds = std == null ? new double[] {1} : std;
      return Preprocessing.of(spread(means, stds.length), spread(stds, means.length));
    }
    if (mean != null || std != null) {
      throw new BadInput(
          "--preprocessing %s: expected no --mean and --std beside it.".formatted(name));
    }
    return Preprocessing.named(name);
  }

  private static double[] spread(double[] numbers, int count) {
    if (numbers.length != 1) {
      return numbers;
    }
    double[] spread = new double[count];
    Arrays.fill(spread, numbers[0]);
    return spread;
  }

  /** What to tell a user whose network normalises inside as well. */
  static Optional<String> remark(ModelId id) {
    if (!id.isNormalizedTwice()) {
      return Optional.empty();
    }
    return id.inside()
        .map(
            inside ->
                "note: network %s itself computes %s of its images, after the preprocessing given, %s; check that both are meant"
                    .formatted(id.name(), inside, id.preprocessing()));
  }
}
