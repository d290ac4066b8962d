package io.metamer.examples;

import io.metamer.inversion.PgdAttack;
import io.metamer.inversion.StepRule;
import io.metamer.loss.ClassificationLoss;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a network is attacked, as options of a command. */
final class AttackOptions {

  private static final Pattern FRACTION = Pattern.compile("([^/]+)/([^/]+)");

  @Option(
      names = "--attack",
      paramLabel = "NORM",
      description =
          "Also attacks, by projected gradient descent in a ball of this norm: l2 or linf.")
  private @Nullable String norm;

  @Option(
      names = "--epsilon",
      paramLabel = "E",
      description =
          "The radius of the ball, for pixels in [0, 1], such as 0.5 or 8/255. Needed by --attack.")
  private @Nullable String epsilon;

  @Option(
      names = "--steps",
      paramLabel = "N",
      description = "Steps of each restart. Default: " + PgdAttack.DEFAULT_ITERATIONS + ".")
  private @Nullable Integer steps;

  @Option(
      names = "--step-size",
      paramLabel = "S",
      description = "The length of a step, of linf that of each pixel. Default: 2.5 E / N.")
  private @Nullable String stepSize;

  @Option(
      names = "--restarts",
      paramLabel = "R",
      description =
          "How often an image that stands is attacked, each time from another random point of its"
              + " ball. Default: 1.")
  private @Nullable Integer restarts;

  @Option(
      names = "--loss",
      paramLabel = "NAME",
      description =
          "What the attack makes larger: cross-entropy, margin (Carlini and Wagner), or dlr, the"
              + " difference of logits ratio (Croce and Hein). Default: cross-entropy.")
  private @Nullable String loss;

  @Option(names = "--seed", paramLabel = "N", description = "Of the random points. Default: 0.")
  private @Nullable Long seed;

  /** The attack, if one is asked for. */
  Optional<PgdAttack> attack() {
    if (norm == null) {
      if (epsilon != null
          || steps != null
          || stepSize != null
          || restarts != null
          || loss != null
          || seed != null) {
        throw new BadInput(
            "--epsilon, --steps, --step-size, --restarts, --loss and --seed tell of an attack: expected --attack l2 or --attack linf beside them.");
      }
      return Optional.empty();
    }
    if (epsilon == null) {
      throw new BadInput(
          "--attack %s: expected --epsilon, the radius for pixels in [0, 1], such as 8/255."
              .formatted(norm));
    }
    double radius = number("--epsilon", epsilon);
    int iterations = steps == null ? PgdAttack.DEFAULT_ITERATIONS : least("--steps", steps);
    boolean l2 = isL2(norm);
    PgdAttack attack =
        (l2 ? PgdAttack.l2(radius, iterations) : PgdAttack.linf(radius, iterations))
            .withRestarts(
                restarts == null ? 1 : least("--restarts", restarts), seed == null ? 0 : seed)
            .withLoss(loss(loss == null ? "cross-entropy" : loss));
    if (stepSize != null) {
      double size = number("--step-size", stepSize);
      attack = attack.withStep(l2 ? StepRule.normalized(size) : StepRule.sign(size));
    }
    return Optional.of(attack);
  }

  private static boolean isL2(String norm) {
    return switch (norm.toLowerCase(Locale.ROOT)) {
      case "l2" -> true;
      case "linf" -> false;
      default -> throw new BadInput("--attack %s: expected l2 or linf.".formatted(norm));
    };
  }

  private static ClassificationLoss loss(String name) {
    return switch (name.toLowerCase(Locale.ROOT)) {
      case "cross-entropy" -> ClassificationLoss.CROSS_ENTROPY;
      case "margin" -> ClassificationLoss.MARGIN;
      case "dlr" -> ClassificationLoss.DIFFERENCE_OF_LOGITS_RATIO;
      default ->
          throw new BadInput("--loss %s: expected cross-entropy, margin or dlr.".formatted(name));
    };
  }

  private static int least(String option, int number) {
    if (number < 1) {
      throw new BadInput("%s %d: expected at least 1.".formatted(option, number));
    }
    return number;
  }

  /** A number above 0, as it is or as a fraction. */
  private static double number(String option, String text) {
    Matcher fraction = FRACTION.matcher(text);
    double number;
    try {
      number =
          fraction.matches()
              ? Double.parseDouble(fraction.group(1)) / Double.parseDouble(fraction.group(2))
              : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      number = Double.NaN;
    }
    if (!(number > 0 && number < Double.POSITIVE_INFINITY)) {
      throw new BadInput(
          "%s %s: expected a number above 0, such as 0.5 or 8/255.".formatted(option, text));
    }
    return number;
  }
}
