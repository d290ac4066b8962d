package io.metamer.studies;

import io.metamer.image.Transformation;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.Regularizer;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.Stopping;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.TotalVariation;
import io.metamer.studies.Penalty.Term;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/** Descriptions as YAML. */
final class StudyWriter {

  private StudyWriter() {}

  static String yaml(Study study) {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("networks", study.networks().stream().map(StudyWriter::subject).toList());
    root.put("regularizers", study.regularizers().stream().map(StudyWriter::penalty).toList());
    root.put("targets", targets(study.targets()));
    root.put("seeds", seeds(study.seeds()));
    root.put("search", search(study.search()));
    study.pairs().ifPresent(pairs -> root.put("pairs", targets(pairs)));
    root.put("chunk", study.chunk());
    root.put("floats", study.floats());
    if (!study.judges().isEmpty()) {
      root.put("judges", study.judges().stream().map(StudyWriter::distance).toList());
    }
    if (!study.choices().equals(ForcedChoices.defaults())) {
      root.put("tests", choices(study.choices()));
    }
    DumperOptions options = new DumperOptions();
    options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
    options.setSplitLines(false);
    options.setDereferenceAliases(true);
    return new Yaml(options).dump(root);
  }

  private static Object subject(Subject subject) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", subject.name());
    entry.put("file", subject.file().toString());
    subject
        .layers()
        .ifPresent(
            layers -> {
              Map<String, Object> weights = new LinkedHashMap<>();
              for (LayerSelection.Part part : layers.parts()) {
                weights.put(part.layer(), part.weight());
              }
              entry.put("layer", weights);
              entry.put("fakeRelu", layers.fakeRelu());
            });
    entry.put("preprocessing", preprocessing(subject.preprocessing()));
    subject.classifier().ifPresent(layer -> entry.put("classifier", layer));
    subject
        .shape()
        .ifPresent(s -> entry.put("shape", List.of(s.channels(), s.height(), s.width())));
    return entry;
  }

  private static Object preprocessing(Preprocessing preprocessing) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("mean", preprocessing.mean());
    entry.put("std", preprocessing.std());
    entry.put("scale", preprocessing.scale());
    entry.put("order", preprocessing.order().name());
    return entry;
  }

  private static Object penalty(Penalty penalty) {
    if (penalty.equals(plain(penalty))) {
      return penalty.name();
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("name", penalty.name());
    penalty.published().ifPresent(name -> entry.put("published", name));
    penalty.distance().ifPresent(d -> entry.put("distance", distance(d)));
    if (!penalty.terms().isEmpty()) {
      entry.put("terms", penalty.terms().stream().map(StudyWriter::term).toList());
    }
    entry.put("strength", penalty.strength());
    if (!penalty.transformations().steps().isEmpty()) {
      Map<String, Object> transformations = new LinkedHashMap<>();
      transformations.put(
          "steps",
          penalty.transformations().steps().stream().map(StudyWriter::transformation).toList());
      transformations.put("seed", penalty.transformations().seed());
      entry.put("transformations", transformations);
    }
    entry.put("parameterization", penalty.fourier() ? "fourier" : "pixels");
    return entry;
  }

  private static Object transformation(Transformation step) {
    if (step instanceof Transformation.Pad pad) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("pad", pad.pixels());
      entry.put("fill", pad.fill());
      return entry;
    }
    if (step instanceof Transformation.Jitter jitter) {
      return Map.of("jitter", jitter.pixels());
    }
    if (step instanceof Transformation.Scale scale) {
      return Map.of("scale", scale.factors());
    }
    return Map.of("rotate", ((Transformation.Rotate) step).degrees());
  }

  /** The published one of that name, if there is one that needs nothing else. */
  private static @Nullable Penalty plain(Penalty penalty) {
    return penalty.distance().isEmpty() && penalty.published().equals(Optional.of(penalty.name()))
        ? Penalty.published(penalty.name())
        : null;
  }

  private static Object term(Term term) {
    Map<String, Object> entry = new LinkedHashMap<>();
    if (term instanceof Penalty.Adversarial adversarial) {
      entry.put("term", "adversarial");
      entry.put("distance", distance(adversarial.distance()));
      entry.put("anchor", StudyReader.word(adversarial.anchor()));
      entry.put("coefficient", StudyReader.word(adversarial.coefficient()));
    } else {
      of(((Penalty.OfImages) term).of(), entry);
    }
    entry.put("weight", term.weight());
    return entry;
  }

  private static void of(Regularizer of, Map<String, Object> entry) {
    if (of instanceof TotalVariation tv) {
      entry.put("term", "tv");
      entry.put("beta", tv.beta());
      entry.put("perPixel", tv.perPixel());
    } else if (of instanceof LpNorm lp) {
      entry.put("term", "lp");
      entry.put("p", lp.p());
      entry.put("center", lp.center());
    } else if (of instanceof Blur blur) {
      entry.put("term", "blur");
      entry.put("held", blur.held());
    } else {
      entry.put("term", "l1");
      entry.put("center", ((L1) of).center());
    }
  }

  private static Object distance(DistanceRecipe recipe) {
    if (recipe instanceof DistanceRecipe.OfPixels pixels) {
      return StudyReader.word(pixels.formula());
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    if (recipe instanceof DistanceRecipe.OfLpips lpips) {
      entry.put("trunk", StudyReader.word(lpips.trunk()));
      StudyReader.HEADS.forEach(
          (name, heads) -> {
            if (heads == lpips.heads()) {
              entry.put("heads", name);
            }
          });
      entry.put("weights", lpips.weights().toString());
      return Map.of("lpips", entry);
    }
    if (recipe instanceof DistanceRecipe.OfDists dists) {
      entry.put("vgg16", dists.vgg16().toString());
      entry.put("weights", dists.weights().toString());
      return Map.of("dists", entry);
    }
    DistanceRecipe.OfFeatures features = (DistanceRecipe.OfFeatures) recipe;
    entry.put("name", features.name());
    entry.put("file", features.file().toString());
    entry.put("layers", features.layers());
    entry.put("preprocessing", preprocessing(features.preprocessing()));
    return Map.of("features", entry);
  }

  private static Object choices(ForcedChoices choices) {
    Map<String, Object> entry = new LinkedHashMap<>();
    choices
        .twoAlternatives()
        .ifPresent(
            two -> {
              Map<String, Object> fields = new LinkedHashMap<>();
              fields.put("seed", two.seed().<Object>map(seed -> seed).orElse("own"));
              fields.put("ties", two.tiesCount() ? "aligned" : "wrong");
              entry.put("2afc", fields);
            });
    choices
        .clustering()
        .ifPresent(
            grids -> {
              Map<String, Object> fields = new LinkedHashMap<>();
              fields.put(
                  "triples",
                  grids.triples() == ForcedChoices.Triples.LISTED
                      ? grids.classes()
                      : StudyReader.word(grids.triples()));
              fields.put("repetitions", grids.repetitions());
              fields.put("seed", grids.seed());
              entry.put("clustering", fields);
            });
    choices.tolerance().ifPresent(tolerance -> entry.put("tolerance", tolerance));
    entry.put("everyJudge", choices.everyJudge());
    return entry;
  }

  private static Object targets(Targets targets) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put(StudyReader.word(targets.format()), targets.path().toString());
    targets.labels().ifPresent(file -> entry.put("labels", file.toString()));
    targets.count().ifPresent(count -> entry.put("count", count));
    targets.shuffle().ifPresent(seed -> entry.put("shuffle", seed));
    return entry;
  }

  private static Object seeds(Start seeds) {
    Map<String, Object> entry = new LinkedHashMap<>();
    seeds.kind().ifPresent(kind -> entry.put("kind", kind.toString()));
    entry.put("values", seeds.values());
    return entry;
  }

  private static Object search(SearchRecipe search) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("preset", search.preset().toString());
    search.matching().ifPresent(m -> entry.put("matching", StudyReader.word(m)));
    if (!search.partWeights().isEmpty()) {
      entry.put("partWeights", search.partWeights());
    }
    search.constraint().ifPresent(c -> entry.put("constraint", constraint(c)));
    search.step().ifPresent(step -> entry.put("step", step(step)));
    search.iterations().ifPresent(n -> entry.put("iterations", n));
    search.stopping().ifPresent(stopping -> entry.put("stopping", stopping(stopping)));
    search.keep().ifPresent(keep -> entry.put("keep", StudyReader.word(keep)));
    search.rawSeed().ifPresent(raw -> entry.put("rawSeed", raw));
    search.batch().ifPresent(n -> entry.put("batch", n));
    search.memory().ifPresent(n -> entry.put("memory", n));
    search.tolerance().ifPresent(t -> entry.put("tolerance", t));
    return entry;
  }

  private static Object constraint(Constraint constraint) {
    if (constraint instanceof Constraint.Ball ball) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("norm", StudyReader.word(ball.norm()));
      entry.put("radius", ball.radius());
      entry.put("center", StudyReader.word(ball.center()));
      return entry;
    }
    return "box";
  }

  private static Object step(StepRule step) {
    Map<String, Object> entry = new LinkedHashMap<>();
    if (step instanceof StepRule.Normalized rule) {
      sized(entry, "normalized", rule.size(), rule.schedule());
    } else if (step instanceof StepRule.Sign rule) {
      sized(entry, "sign", rule.size(), rule.schedule());
    } else if (step instanceof StepRule.Gradient rule) {
      sized(entry, "gradient", rule.size(), rule.schedule());
    } else if (step instanceof StepRule.Momentum rule) {
      sized(entry, "momentum", rule.size(), rule.schedule());
      entry.put("decay", rule.decay());
    } else if (step instanceof StepRule.Adam rule) {
      sized(entry, "adam", rule.size(), rule.schedule());
      entry.put("beta1", rule.beta1());
      entry.put("beta2", rule.beta2());
      entry.put("epsilon", rule.epsilon());
    } else if (step instanceof StepRule.Lbfgs rule) {
      entry.put("rule", "lbfgs");
      entry.put("history", rule.history());
      entry.put("first", rule.first());
    }
    return entry;
  }

  private static void sized(
      Map<String, Object> entry, String rule, double size, Schedule schedule) {
    entry.put("rule", rule);
    entry.put("size", size);
    entry.put("schedule", schedule(schedule));
  }

  private static Object schedule(Schedule schedule) {
    if (schedule instanceof Schedule.Halving halving) {
      return Map.of("halving", halving.rounds());
    }
    if (schedule instanceof Schedule.Rounds rounds) {
      return Map.of("rounds", rounds.rounds().stream().map(StudyWriter::round).toList());
    }
    if (schedule instanceof Schedule.Plateau plateau) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("factor", plateau.factor());
      entry.put("patience", plateau.patience());
      entry.put("share", plateau.share());
      return Map.of("plateau", entry);
    }
    return schedule.equals(Schedule.COSINE) ? "cosine" : "constant";
  }

  private static Object round(Schedule.Round round) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("steps", round.steps());
    entry.put("factor", round.factor());
    return entry;
  }

  private static Object stopping(Stopping stopping) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("distance", stopping.distance());
    entry.put("patience", stopping.patience());
    entry.put("share", stopping.share());
    return entry;
  }
}
