package io.metamer.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.inversion.AttackOutcome;
import io.metamer.inversion.AttackOutcome.Adversarial;
import io.metamer.inversion.AttackResult;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.PgdAttack;
import io.metamer.inversion.Provenance;
import io.metamer.metrics.Accuracy;
import io.metamer.model.ModelId;
import io.metamer.model.Predictions;
import io.metamer.model.RepresentationModel;
import io.metamer.studies.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** What the command {@code accuracy} writes. */
record AccuracyFiles(ModelId model, Path path, LabelledImages images) {

  private static final ObjectMapper JSON = new ObjectMapper();

  /** A row for each image; the columns of the attack are empty without one. */
  void writeCsv(Path file, RepresentationModel logits, Optional<AttackResult> attack)
      throws IOException {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "image,label,predicted,correct,robust,adversarial_class,distance,restart,step"));
    List<OptionalInt> predicted =
        attack.isPresent() ? List.of() : Predictions.of(logits.represent(images.images()));
    int[] labels = images.labels();
    for (int i = 0; i < attack.map(a -> a.outcomes().size()).orElse(labels.length); i++) {
      String name = Distance.quoted(images.names().get(i));
      lines.add(
          attack.isPresent()
              ? row(name, attack.get().outcomes().get(i))
              : "%s,%d,%s,%s,,,,,"
                  .formatted(
                      name,
                      labels[i],
                      text(predicted.get(i)),
                      predicted.get(i).equals(OptionalInt.of(labels[i]))));
    }
    Files.write(file, lines);
  }

  private static String row(String name, AttackOutcome outcome) {
    return "%s,%d,%s,%s,%s,%s"
        .formatted(
            name,
            outcome.label(),
            text(outcome.predicted()),
            outcome.correct(),
            outcome.robust(),
            outcome
                .adversarial()
                .map(
                    a ->
                        "%s,%s,%d,%d"
                            .formatted(text(a.predicted()), a.distance(), a.restart(), a.step()))
                .orElse(",,,"));
  }

  private static String text(OptionalInt number) {
    return number.isPresent() ? Integer.toString(number.getAsInt()) : "";
  }

  void writeJson(Path file, Accuracy clean, Optional<AttackResult> attack) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("program", "metamer accuracy");
    root.put("version", Bundled.version());
    root.put("network", model.name());
    root.put("networkSha256", model.sha256());
    root.put("layer", model.layer());
    root.put("preprocessing", model.preprocessing().toString());
    root.put("images", path.toString());
    images.classes().forEach(root.putArray("classes")::add);
    root.put("versions", Provenance.runtime());
    accuracy(root.putObject("clean"), clean);
    attack.ifPresent(result -> attack(root.putObject("attack"), result));
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
  }

  private void attack(ObjectNode node, AttackResult result) {
    PgdAttack attack = result.attack();
    node.put("attack", attack.toString());
    node.put("norm", attack.ball().norm() == Constraint.Norm.L2 ? "l2" : "linf");
    node.put("epsilon", attack.ball().radius());
    node.put("step", attack.step().toString());
    node.put("steps", attack.iterations());
    node.put("restarts", attack.restarts());
    node.put("seed", attack.seed());
    node.put("loss", attack.loss().label());
    accuracy(node.putObject("clean"), Accuracy.clean(result));
    accuracy(node.putObject("robust"), Accuracy.robust(result));
    node.put("imagesSha256", result.provenance().targetsSha256());
    node.put("started", result.provenance().started().toString());
    node.put("seconds", result.provenance().seconds());
    ArrayNode outcomes = node.putArray("outcomes");
    for (int i = 0; i < result.outcomes().size(); i++) {
      outcome(outcomes.addObject(), images.names().get(i), result.outcomes().get(i));
    }
  }

  private static void outcome(ObjectNode node, String name, AttackOutcome outcome) {
    node.put("image", name);
    node.put("label", outcome.label());
    number(node, "predicted", outcome.predicted());
    node.put("robust", outcome.robust());
    node.put("blind", outcome.blind());
    if (outcome.adversarial().isPresent()) {
      Adversarial found = outcome.adversarial().get();
      ObjectNode adversarial = node.putObject("adversarial");
      number(adversarial, "predicted", found.predicted());
      adversarial.put("distance", found.distance());
      adversarial.put("restart", found.restart());
      adversarial.put("step", found.step());
    }
  }

  private static void number(ObjectNode node, String name, OptionalInt number) {
    if (number.isPresent()) {
      node.put(name, number.getAsInt());
    } else {
      node.putNull(name);
    }
  }

  private static void accuracy(ObjectNode node, Accuracy accuracy) {
    node.put("value", accuracy.value());
    node.put("low", accuracy.interval().low());
    node.put("high", accuracy.interval().high());
    node.put("confidence", accuracy.interval().confidence());
    node.put("correct", accuracy.correct());
    node.put("n", accuracy.n());
  }
}
