package io.metamer.studies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.metrics.Interval;
import io.metamer.metrics.Score;
import io.metamer.metrics.Spread;
import io.metamer.studies.StudyScores.Difference;
import io.metamer.studies.StudyScores.Pooled;
import io.metamer.studies.StudyScores.Row;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Scores as files: the same rows as CSV, one file for each kind, and as JSON, all in one. */
final class ScoreFiles {

  private static final int FORMAT = 1;

  private static final ObjectMapper JSON = new ObjectMapper();

  private ScoreFiles() {}

  /** By name. */
  static Map<String, byte[]> of(StudyScores scores, List<DescribedDistance> judges) {
    List<Map<String, Object>> rows = scores.rows().stream().map(ScoreFiles::row).toList();
    List<Map<String, Object>> pooled = scores.pooled().stream().map(ScoreFiles::pooled).toList();
    List<Map<String, Object>> differences =
        scores.differences().stream().map(ScoreFiles::difference).toList();
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("format", FORMAT);
    all.put("judges", judges.stream().map(ScoreFiles::judge).toList());
    all.put("rows", rows);
    all.put("pooled", pooled);
    all.put("differences", differences);
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("scores.csv", csv(rows));
    files.put("pooled.csv", csv(pooled));
    files.put("differences.csv", csv(differences));
    files.put("scores.json", json(all));
    return files;
  }

  private static Map<String, Object> judge(DescribedDistance judge) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", judge.name());
    fields.put("card", judge.card().toString());
    fields.put("sha256", judge.sha256());
    return fields;
  }

  private static Map<String, Object> row(Row row) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", row.network());
    fields.put("regularizer", row.regularizer());
    fields.put("seed", row.seed());
    fields.put("test", row.test());
    fields.put("repetition", row.repetition());
    fields.put("judge", row.judge());
    fields.put("tookPart", word(row.part()));
    fields.put("images", word(row.images()));
    fields.put("total", row.total());
    Optional<Score> score = row.score();
    fields.put("n", score.map(Score::n).orElse(0));
    fields.put("score", optional(score.map(Score::value)));
    interval(fields, score.map(Score::interval));
    fields.put("aligned", optional(score.map(Score::correct)));
    fields.put("ties", optional(score.map(Score::ties)));
    fields.put("chance", optional(score.map(Score::chance)));
    fields.put("p", optional(score.map(Score::p)));
    return fields;
  }

  private static Map<String, Object> pooled(Pooled cell) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("network", cell.network());
    fields.put("regularizer", cell.regularizer());
    fields.put("test", cell.test());
    fields.put("images", word(cell.images()));
    fields.put("total", cell.total());
    fields.put("n", cell.n());
    fields.put("medianDistance", optional(cell.distance().filter(Double::isFinite)));
    fields.put("heldOut", String.join("; ", cell.heldOut()));
    fields.put("score", optional(cell.estimate().map(e -> e.value())));
    interval(fields, cell.estimate().map(e -> e.interval()));
    spread(fields, "judges", cell.overJudges());
    spread(fields, "seeds", cell.overSeeds());
    spread(fields, "targets", cell.overImages());
    return fields;
  }

  private static void spread(Map<String, Object> fields, String over, Optional<Spread> spread) {
    fields.put(over, spread.map(Spread::n).orElse(0));
    String name = over.substring(0, over.length() - 1) + "Spread";
    fields.put(name, optional(spread.map(Spread::deviation)));
  }

  private static Map<String, Object> difference(Difference difference) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("regularizer", difference.regularizer());
    fields.put("test", difference.test());
    fields.put("judge", difference.judge().orElse("all"));
    fields.put("seed", difference.seed().map(String::valueOf).orElse("all"));
    fields.put("repetition", difference.repetition() == 0 ? "all" : "" + difference.repetition());
    fields.put("first", difference.first());
    fields.put("second", difference.second());
    fields.put("method", difference.method());
    fields.put("difference", difference.value());
    interval(fields, difference.interval());
    fields.put("n", difference.n());
    fields.put("p", difference.p());
    fields.put("pHolm", difference.corrected());
    return fields;
  }

  private static void interval(Map<String, Object> fields, Optional<Interval> interval) {
    fields.put("low", optional(interval.map(Interval::low)));
    fields.put("high", optional(interval.map(Interval::high)));
  }

  private static String word(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  /** JSON's null, and nothing in a table. */
  @SuppressWarnings("NullAway") // A map of what is written may hold null.
  private static Object optional(Optional<?> value) {
    return value.orElse(null);
  }

  private static byte[] csv(List<Map<String, Object>> rows) {
    List<Map<String, String>> text =
        rows.stream()
            .map(
                row -> {
                  Map<String, String> fields = new LinkedHashMap<>();
                  row.forEach((name, value) -> fields.put(name, text(value)));
                  return fields;
                })
            .toList();
    return Results.csv(rows.isEmpty() ? List.of() : rows.get(0).keySet(), text)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static String text(@Nullable Object value) {
    return value == null ? "" : value.toString();
  }

  private static byte[] json(Object tree) {
    try {
      String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(tree);
      return (text + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new AssertionError("a tree of numbers and text can be written", e);
    }
  }
}
