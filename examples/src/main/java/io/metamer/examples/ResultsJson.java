package io.metamer.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.metamer.examples.DemoResults.Mean;
import io.metamer.examples.DemoResults.Search;
import io.metamer.examples.DemoResults.Target;
import io.metamer.inversion.Certificate;
import io.metamer.inversion.Certificate.Agreement;
import io.metamer.inversion.ImageOutcome;
import io.metamer.inversion.NullDistribution;
import io.metamer.inversion.Provenance;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Answer;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import io.metamer.model.Preprocessing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Writes {@code results.json}: every row of the table in full precision, and every image. */
final class ResultsJson {

  /** The version of the file's layout. */
  private static final int FORMAT = 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  private ResultsJson() {}

  static void write(DemoResults results, Path file) throws IOException {
    JSON.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), tree(results));
  }

  private static ObjectNode tree(DemoResults results) {
    ObjectNode root = JSON.createObjectNode();
    root.put("program", "metamer demo");
    root.put("version", Bundled.version());
    root.put("format", FORMAT);
    root.put("command", results.command());
    root.put("started", results.started().toString());
    root.put("seconds", results.seconds());
    root.put("seed", results.seed());
    root.put("searchesPlanned", results.planned());
    root.put("searchesDone", results.done());
    root.put("interrupted", results.interrupted());
    root.put("judgesAre", DemoResults.STAND_IN);
    ArrayNode judges = root.putArray("judges");
    results.judges().forEach(judges::add);
    ArrayNode targets = root.putArray("targets");
    results.targets().stream().map(Target::name).forEach(targets::add);
    ArrayNode rows = root.putArray("rows");
    results.searches().forEach(search -> row(rows.addObject(), search, results.targets()));
    return root;
  }

  private static void row(ObjectNode row, Search search, List<Target> targets) {
    row.put("network", search.network());
    row.put("regularizer", search.regularizer());
    row.put("interrupted", search.interrupted());
    row.put("images", search.outcomes().size());
    row.put("matchedImages", search.matchedOutcomes().size());
    ObjectNode distance = row.putObject("relativeDistance");
    mean(distance.putObject("all"), search.outcomes());
    if (search.matchedOutcomes().isEmpty()) {
      distance.putNull("matched");
    } else {
      mean(distance.putObject("matched"), search.matchedOutcomes());
    }
    ArrayNode scores = row.putArray("scores");
    search.reports().forEach(report -> report(scores.addObject(), report));
    ObjectNode options = row.putObject("options");
    options.put("step", search.options().step().toString());
    options.put("iterations", search.options().iterations());
    options.put("regularizer", search.options().regularizer().name());
    options.put("tolerance", search.options().tolerance());
    options.put("rawSeed", search.options().rawSeed());
    options.put("stopping", search.options().stopping().toString());
    provenance(row.putObject("provenance"), search.provenance());
    ArrayNode outcomes = row.putArray("outcomes");
    for (int i = 0; i < targets.size(); i++) {
      ObjectNode one = outcomes.addObject().put("target", targets.get(i).name());
      outcome(one, search.outcomes().get(i));
      certificate(one.putObject("certificate"), search.certificates().get(i));
    }
    row.putNull("nullDistribution");
    search.nullDistribution().ifPresent(n -> pairs(row.putObject("nullDistribution"), n));
    ObjectNode curve = row.putObject("curve");
    numbers(curve.putArray("iteration"), search.curve().iterations());
    numbers(curve.putArray("low"), search.curve().low());
    numbers(curve.putArray("median"), search.curve().median());
    numbers(curve.putArray("high"), search.curve().high());
  }

  private static void mean(ObjectNode node, List<ImageOutcome> outcomes) {
    Mean mean = Mean.of(outcomes, ImageOutcome::distance);
    number(node, "mean", mean.value());
    interval(node, mean.interval());
  }

  private static void report(ObjectNode node, AlignmentReport report) {
    node.put("judge", report.observer());
    node.put("metric", report.metric());
    node.put("heldOut", report.heldOut());
    node.put("trials", report.trials());
    node.put("matchedTrials", report.matchedTrials());
    score(node, "all", report.all());
    score(node, "matched", report.matched());
    ArrayNode answers = node.putArray("answers");
    for (Answer answer : report.answers()) {
      ObjectNode one = answers.addObject();
      one.put("trial", answer.trial().id());
      one.put("image", answer.trial().query().index());
      one.put("correct", answer.correct());
      one.put("tie", answer.tie());
      ArrayNode distances = one.putArray("distances");
      answer.distances().forEach(distances::add);
    }
  }

  private static void score(ObjectNode node, String name, Optional<Score> score) {
    if (score.isEmpty()) {
      node.putNull(name);
      return;
    }
    ObjectNode one = node.putObject(name);
    one.put("value", score.get().value());
    interval(one, score.get().interval());
    one.put("correct", score.get().correct());
    one.put("ties", score.get().ties());
    one.put("n", score.get().n());
    one.put("chance", score.get().chance());
    one.put("p", score.get().p());
  }

  private static void interval(ObjectNode node, Interval interval) {
    number(node, "low", interval.low());
    number(node, "high", interval.high());
    node.put("confidence", interval.confidence());
  }

  private static void provenance(ObjectNode node, Provenance provenance) {
    node.put("model", provenance.model().name());
    node.put("modelSha256", provenance.model().sha256());
    node.put("layer", provenance.model().layer());
    preprocessing(node, provenance.model().preprocessing());
    provenance
        .model()
        .inside()
        .ifPresent(inside -> preprocessing(node.putObject("normalizationInside"), inside));
    node.put("targetsSha256", provenance.targetsSha256());
    node.put("seedsSha256", provenance.seedsSha256());
    node.put("type", provenance.type());
    node.put("versions", provenance.versions());
    node.put("started", provenance.started().toString());
    node.put("seconds", provenance.seconds());
  }

  private static void preprocessing(ObjectNode node, Preprocessing preprocessing) {
    node.put("scale", preprocessing.scale());
    preprocessing.mean().forEach(node.putArray("mean")::add);
    preprocessing.std().forEach(node.putArray("std")::add);
    node.put("order", preprocessing.order().name());
  }

  private static void outcome(ObjectNode node, ImageOutcome outcome) {
    number(node, "distance", outcome.distance());
    number(node, "loss", outcome.loss());
    node.put("bestIteration", outcome.bestIteration());
    node.put("iterations", outcome.iterations());
    node.put("evaluations", outcome.evaluations());
    node.put("stop", outcome.stop().name());
    outcome.divergence().ifPresent(where -> node.put("divergence", where.toString()));
  }

  private static void certificate(ObjectNode node, Certificate certificate) {
    agreement(node.putObject("asFound"), certificate.asFound());
    agreement(node.putObject("asPng"), certificate.asPng());
  }

  private static void agreement(ObjectNode node, Agreement agreement) {
    number(node, "distance", agreement.distance());
    number(node, "percentile", agreement.percentile().orElse(Double.NaN));
    node.put("pearson", agreement.pearson());
    node.put("spearman", agreement.spearman());
    agreement
        .classes()
        .ifPresent(c -> node.put("targetClass", c.target()).put("imageClass", c.image()));
  }

  private static void pairs(ObjectNode node, NullDistribution pairs) {
    node.put("pairs", pairs.size());
    node.put("smallest", pairs.smallest());
    node.put("median", pairs.median());
  }

  private static void numbers(ArrayNode array, int[] numbers) {
    for (int number : numbers) {
      array.add(number);
    }
  }

  private static void numbers(ArrayNode array, double[] numbers) {
    for (double number : numbers) {
      if (Double.isFinite(number)) {
        array.add(number);
      } else {
        array.addNull();
      }
    }
  }

  /** JSON knows no infinity: what is not finite is null. */
  private static void number(ObjectNode node, String name, double number) {
    if (Double.isFinite(number)) {
      node.put(name, number);
    } else {
      node.putNull(name);
    }
  }
}
