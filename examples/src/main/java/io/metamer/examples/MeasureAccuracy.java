package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.inversion.AttackOutcome;
import io.metamer.inversion.AttackResult;
import io.metamer.inversion.PgdAttack;
import io.metamer.metrics.Accuracy;
import io.metamer.model.Network;
import io.metamer.model.RepresentationModel;
import io.metamer.model.UnsupportedModelException;
import io.metamer.studies.LabelledImages;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Prints how many images a network classifies rightly, as they are and under attack. */
@Command(
    name = "accuracy",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Prints how many images a network classifies rightly: as they are and, with --attack, where"
          + " projected gradient descent looks for a wrong one near each.",
      "",
      "Images are a folder with a folder for each class, CIFAR-10's binary version, or IDX images as"
          + " MNIST has them. Intervals are Wilson's, 95 %%. Accuracy under attack is an upper bound:"
          + " a stronger attack may find more."
    },
    footer = {
      "",
      "Example:",
      "  metamer accuracy --network resnet20.onnx --preprocessing imagenet \\",
      "    --images test_batch.bin --count 200 \\",
      "    --attack linf --epsilon 8/255 --restarts 5",
      "",
      "Exit codes: 0 done, 2 bad input, 130 interrupted: the images attacked by then are counted."
    })
final class MeasureAccuracy implements Callable<Integer> {

  @Spec
  @SuppressWarnings("NullAway.Init") // picocli sets it.
  private CommandSpec spec;

  @Mixin private final NetworkOption network = new NetworkOption();

  @Option(
      names = "--shape",
      split = ",",
      paramLabel = "NUMBER",
      description =
          "The images that --network takes, where its file does not say it: channels, height and"
              + " width, such as 1,28,28.")
  private int @Nullable [] shape;

  @Option(
      names = "--layer",
      paramLabel = "NAME",
      description = "The layer that has one number for each class. Default: ${DEFAULT-VALUE}.")
  private String layer = "logits";

  @Mixin private final PreprocessingOptions pixels = new PreprocessingOptions();

  @Mixin private final LabelledOptions labelled = new LabelledOptions();

  @Mixin private final AttackOptions attacks = new AttackOptions();

  @Option(
      names = "--csv",
      paramLabel = "FILE",
      description = "Also writes a table with a row for each image.")
  private @Nullable Path csv;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Also writes the numbers, how they were made and each image.")
  private @Nullable Path json;

  @Override
  public Integer call() {
    BadInput.unlessEmpty(Backend.refusal());
    try (Interruption interruption = Interruption.ofThisThread()) {
      Optional<PgdAttack> attack = attacks.attack();
      Network file = network.load();
      ImageSpec input = input(file);
      LabelledImages images = labelled.read(input);
      try (RepresentationModel logits = file.at(layer, input, pixels.preprocessing())) {
        PreprocessingOptions.remark(logits.id()).ifPresent(this::note);
        return measure(logits, images, attack);
      }
    } catch (IllegalArgumentException | UnsupportedModelException | IOException e) {
      throw BadInput.of(e);
    }
  }

  private int measure(RepresentationModel logits, LabelledImages images, Optional<PgdAttack> attack)
      throws IOException {
    AccuracyFiles files = new AccuracyFiles(logits.id(), labelled.path(), images);
    PrintWriter screen = spec.commandLine().getOut();
    Accuracy clean = Accuracy.of(logits, images.images(), images.labels());
    line("clean", clean.toString(), "");
    remarkOnGuessing(clean, images.labels());
    screen.flush();
    Optional<AttackResult> result = Optional.empty();
    if (attack.isPresent()) {
      AttackResult found = attack(logits, images, attack.get());
      if (found.outcomes().isEmpty()) {
        note("interrupted before the first images were done");
      } else {
        result = Optional.of(found);
        line("under attack", Accuracy.robust(found).toString(), found.attack().toString());
        remarkOnBlindness(found.outcomes());
      }
    }
    screen.flush();
    // Cleared first: an interrupted thread cannot write files.
    boolean interrupted = Thread.interrupted();
    if (csv != null) {
      files.writeCsv(csv, logits, result);
    }
    if (json != null) {
      files.writeJson(json, clean, result);
    }
    return interrupted ? 130 : 0;
  }

  private static AttackResult attack(
      RepresentationModel logits, LabelledImages images, PgdAttack attack) {
    long units = (long) images.labels().length * attack.iterations() * attack.restarts();
    try (Progress progress = Progress.onScreen(units)) {
      progress.task("attack");
      return attack.perturb(
          logits,
          images.images(),
          images.labels(),
          done -> progress.done((long) done * attack.iterations() * attack.restarts()));
    }
  }

  private void line(String what, String number, String how) {
    String text =
        String.format(
            Locale.ROOT, "%-14s%s%s", what, number, how.isEmpty() ? "" : "  (" + how + ")");
    spec.commandLine().getOut().println(text);
  }

  /** A wrong preprocessing or order of classes looks like a poor network. */
  private void remarkOnGuessing(Accuracy clean, int[] labels) {
    long most =
        Arrays.stream(labels)
            .boxed()
            .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()))
            .values()
            .stream()
            .mapToLong(Long::longValue)
            .max()
            .orElseThrow();
    if (labels.length > 1 && clean.correct() <= most && most < labels.length) {
      note(
          String.format(
              Locale.ROOT,
              "always the most frequent class would be right for %.4f of the images; check that the preprocessing and the order of the classes are the network's",
              (double) most / labels.length));
    }
  }

  private void remarkOnBlindness(List<AttackOutcome> outcomes) {
    long blind = outcomes.stream().filter(o -> o.robust() && o.blind()).count();
    if (blind > 0) {
      note(
          "the gradient of %d images that stand was 0 or not finite: the attack could not see where to go, and another loss may"
              .formatted(blind));
    }
  }

  private void note(String text) {
    spec.commandLine().getErr().println(text.startsWith("note: ") ? text : "note: " + text);
    spec.commandLine().getErr().flush();
  }

  private ImageSpec input(Network file) {
    if (shape != null) {
      if (shape.length != 3) {
        throw new BadInput(
            "--shape: expected channels, height and width, got %s."
                .formatted(Arrays.toString(shape)));
      }
      return new ImageSpec(shape[0], shape[1], shape[2], 0, 1);
    }
    long[] stated =
        file.input()
            .orElseThrow(
                () ->
                    new BadInput(
                        "network %s states no size of its images: give --shape, such as 1,28,28."
                            .formatted(file)));
    return new ImageSpec((int) stated[0], (int) stated[1], (int) stated[2], 0, 1);
  }
}
