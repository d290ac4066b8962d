package io.metamer.studies;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.image.ImageSpec;
import io.metamer.inversion.InversionResult;
import io.metamer.inversion.Inverter;
import io.metamer.inversion.Stopping;
import io.metamer.metrics.AlignmentReport;
import io.metamer.metrics.Clustering;
import io.metamer.metrics.PerceptualObserver;
import io.metamer.metrics.TwoAlternativeForcedChoice;
import io.metamer.model.Network;
import io.metamer.model.Preprocessing;
import io.metamer.model.RepresentationModel;
import io.metamer.perceptual.PixelDistance;
import io.metamer.studies.DistanceRecipe.OfPixels.Formula;
import io.metamer.studies.ForcedChoices.Grids;
import io.metamer.studies.ForcedChoices.Triples;
import io.metamer.studies.ForcedChoices.TwoAlternatives;
import io.metamer.studies.StudyScores.Images;
import io.metamer.studies.StudyScores.Part;
import io.metamer.studies.StudyScores.Pooled;
import io.metamer.studies.StudyScores.Row;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;

final class MeasuringTest {

  private static final DistanceRecipe L2 = new DistanceRecipe.OfPixels(Formula.L2);
  private static final DistanceRecipe FEATURES =
      Fixture.features(Fixture.NETWORKS.resolve("smooth.onnx"));

  private final Path temp;
  private final Path images;
  private final Path out;

  MeasuringTest(@TempDir Path temp) {
    this.temp = temp;
    images = Fixture.images(temp.resolve("images"), 5);
    out = temp.resolve("out");
  }

  @Test
  void scores_areOfEverySearchTestAndJudge_withTheNetworksOwnFeaturesHeldOut() throws IOException {
    Study study = Fixture.study(images).withJudges(List.of(L2, FEATURES), ForcedChoices.defaults());
    StudyScores scores = measured(study, out);
    assertEquals(2 * 2 * 2 * 2 * 2 * 2, scores.rows().size());
    assertEquals(2 * 2 * 2 * 2, scores.pooled().size());
    for (Row row : scores.rows()) {
      boolean own = row.network().equals("smooth") && row.judge().equals("features of smooth");
      assertEquals(own ? Part.NETWORK : Part.NONE, row.part());
      assertEquals(5, row.total());
      if (row.images() == Images.ALL) {
        assertEquals(own, row.score().isEmpty());
      }
    }
    for (Pooled cell : scores.pooled()) {
      assertEquals(10, cell.total());
      assertEquals(
          cell.network().equals("smooth") ? List.of("features of smooth") : List.of(),
          cell.heldOut());
      double[] ofCell =
          scores.rows().stream()
              .filter(row -> row.network().equals(cell.network()))
              .filter(row -> row.regularizer().equals(cell.regularizer()))
              .filter(row -> row.test().equals(cell.test()) && row.images() == cell.images())
              .flatMapToDouble(row -> row.score().stream().mapToDouble(score -> score.correct()))
              .toArray();
      double judges = cell.network().equals("smooth") ? 1 : 2;
      if (cell.n() > 0) {
        assertClose(
            Arrays.stream(ofCell).sum() / (judges * cell.n()),
            cell.estimate().orElseThrow().value(),
            1e-12,
            0);
      }
    }
    List<String> rows = Files.readAllLines(out.resolve("measured/scores.csv"));
    assertEquals(
        "network,regularizer,seed,test,repetition,judge,tookPart,images,total,n,score,low,high,"
            + "aligned,ties,chance,p",
        rows.get(0));
    assertEquals(1 + 64, rows.size());
    assertTrue(rows.get(1).startsWith("relu,reg_free,42,2AFC,1,pixels,none,all,5,5,"), rows.get(1));
    assertEquals(1 + 16, Files.readAllLines(out.resolve("measured/pooled.csv")).size());
    JsonNode json = new ObjectMapper().readTree(out.resolve("measured/scores.json").toFile());
    assertEquals(64, json.get("rows").size());
    assertEquals(16, json.get("pooled").size());
    assertEquals(
        Sha256.of(Files.readAllBytes(Fixture.NETWORKS.resolve("smooth.onnx"))),
        json.at("/judges/1/sha256").textValue());
    assertEquals(scores.differences().size(), json.get("differences").size());
    assertFalse(scores.differences().isEmpty());
  }

  /** By way of files, judges see what they see of a result in memory. */
  @Test
  void scores_areThoseOfTheResultInMemory() throws IOException {
    Study study =
        Fixture.tiny(images).withChunk(5).withJudges(List.of(L2), ForcedChoices.defaults());
    StudyScores scores = measured(study, out);
    ImageSpec spec = Fixture.INPUT;
    try (RepresentationModel model =
            Network.load(Fixture.NETWORKS.resolve("relu.onnx"))
                .at("penultimate", spec, Preprocessing.cifar10());
        INDArray targets = study.targets().read(spec);
        INDArray seeds = study.seeds().seeds(study.search().preset(), false, spec, 0, 5, 42);
        InversionResult result =
            new Inverter(
                    model,
                    study
                        .search()
                        .options(study.regularizers().get(0), spec, d -> new PixelDistance()))
                .invert(targets, seeds)) {
      PerceptualObserver judge = new PerceptualObserver(new PixelDistance());
      AlignmentReport two = new TwoAlternativeForcedChoice().measure(result, judge);
      AlignmentReport three = new Clustering(0).measure(result, judge);
      assertEquals(
          List.of(two.all(), two.matched(), three.all(), three.matched()),
          scores.rows().stream().map(Row::score).toList());
      List<String> answers = new ArrayList<>();
      for (Path file : answers()) {
        if (Files.readString(file).contains("; 2AFC by pixels; key ")) {
          answers.addAll(Files.readAllLines(file));
        }
      }
      assertEquals(
          two.answers().get(4).distances().get(1),
          Double.parseDouble(answers.get(6).split(",", -1)[4]),
          1e-6);
    }
  }

  @Test
  void measuringAgain_asksNobody_andGivesTheSameBytes() throws IOException {
    Study study = Fixture.study(images).withJudges(List.of(L2, FEATURES), ForcedChoices.defaults());
    measured(study, out);
    Map<String, String> before = Fixture.bytes(out);
    Map<Path, Object> times = times();
    StudyScores again = StudyRun.of(study, out).measure(StudyListener.none());
    assertEquals(before, Fixture.bytes(out));
    assertEquals(times, times());
    assertEquals(64, again.rows().size());
    // Elsewhere, from the start.
    measured(study, temp.resolve("other"));
    assertEquals(before, Fixture.bytes(temp.resolve("other")));
  }

  @Test
  void answers_thatAreDamaged_areAskedForAgain() throws IOException {
    Study study = Fixture.tiny(images).withJudges(List.of(L2), ForcedChoices.defaults());
    measured(study, out);
    Map<String, String> before = Fixture.bytes(out);
    Path file = answers().get(0);
    String text = Files.readString(file);
    for (String damaged :
        List.of(
            "",
            text.substring(0, text.length() - 1),
            text.substring(0, text.lastIndexOf("\n", text.length() - 2) + 1),
            text.replaceFirst(",[0-9.]+\n", ",x\n"),
            text.replaceFirst("\n2afc-1,", "\n2afc-0,").replaceFirst("\nclustering-", "\nc-"))) {
      assertNotEquals(text, damaged);
      Files.writeString(file, damaged);
      StudyRun.of(study, out).measure(StudyListener.none());
      assertEquals(before, Fixture.bytes(out), damaged);
    }
  }

  @Test
  void judge_thatThePenaltyRestsOn_isHeldOut_unlessEveryJudgeIsAsked() throws IOException {
    Path copy = Files.copy(Fixture.NETWORKS.resolve("smooth.onnx"), temp.resolve("copy.onnx"));
    DistanceRecipe renamed =
        new DistanceRecipe.OfFeatures(
            "other name", copy, List.of("penultimate"), Preprocessing.cifar10());
    Penalty penalty =
        Penalty.of(
            "against",
            Fixture.against(Fixture.NETWORKS.resolve("smooth.onnx"), 1, Penalty.Coefficient.FIXED));
    Study study = with(Fixture.tiny(images), penalty);
    StudyScores scores =
        measured(study.withJudges(List.of(renamed, L2), ForcedChoices.defaults()), out);
    assertEquals(
        List.of(Part.REGULARIZER, Part.REGULARIZER, Part.NONE, Part.NONE),
        scores.rows().subList(0, 4).stream().map(Row::part).toList());
    assertEquals(Optional.empty(), scores.rows().get(0).score());
    assertEquals(List.of("other name"), scores.pooled().get(0).heldOut());
    ForcedChoices defaults = ForcedChoices.defaults();
    ForcedChoices everybody =
        new ForcedChoices(
            defaults.twoAlternatives(), defaults.clustering(), Optional.empty(), true);
    scores = measured(study.withJudges(List.of(renamed, L2), everybody), out);
    assertEquals(Part.REGULARIZER, scores.rows().get(0).part());
    assertTrue(scores.rows().get(0).score().isPresent());
    assertEquals(List.of(), scores.pooled().get(0).heldOut());
  }

  @Test
  void choices_decideTestsSeedTiesRepetitionsAndTolerance() throws IOException {
    Study study = Fixture.tiny(images);
    StudyScores scores =
        measured(
            study.withJudges(
                List.of(L2),
                new ForcedChoices(
                    Optional.of(new TwoAlternatives(Optional.of(7L), true)),
                    Optional.of(new Grids(Triples.RANDOM, List.of(), 3, 5)),
                    Optional.of(1e9),
                    false)),
            out);
    assertEquals(
        List.of("2AFC as released", "clustering", "clustering", "clustering"),
        scores.rows().stream().filter(row -> row.images() == Images.ALL).map(Row::test).toList());
    assertEquals(
        List.of(1, 1, 1, 1, 2, 2, 3, 3), scores.rows().stream().map(Row::repetition).toList());
    for (Row row : scores.rows()) {
      assertEquals(5, row.score().orElseThrow().n(), "all are matched: " + row);
    }
    StudyScores own = measured(study.withJudges(List.of(L2), ForcedChoices.defaults()), out);
    assertEquals(4, own.rows().size());
    List<Path> files = answers();
    assertEquals(1 + 3 + 2, files.size());
  }

  @Test
  void triplesByClass_askForClasses() throws IOException {
    Study study = Fixture.tiny(images);
    for (Grids grids :
        List.of(
            new Grids(Triples.SAME_CLASS, List.of(), 1, 0),
            new Grids(Triples.LISTED, List.of(List.of("cat")), 1, 0))) {
      ForcedChoices choices =
          new ForcedChoices(Optional.empty(), Optional.of(grids), Optional.empty(), false);
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class,
              () -> StudyRun.of(study.withJudges(List.of(L2), choices), out));
      assertTrue(e.getMessage().contains("such as 00005_cat, got t00"), e.getMessage());
    }
    Path classes = Fixture.images(temp.resolve("classes"), 6);
    for (int i = 0; i < 6; i++) {
      Files.move(
          classes.resolve("t%02d.png".formatted(i)),
          classes.resolve("t%02d_%s.png".formatted(i, i < 3 ? "cat" : "dog")));
    }
    Study two = Fixture.with(study, Targets.folder(classes));
    ForcedChoices listed =
        new ForcedChoices(
            Optional.empty(),
            Optional.of(
                new Grids(Triples.LISTED, List.of(List.of("cat", "cow"), List.of("hen")), 1, 0)),
            Optional.empty(),
            false);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> StudyRun.of(two.withJudges(List.of(L2), listed), out));
    assertTrue(e.getMessage().endsWith("[cat, dog], got [hen]"), e.getMessage());
    ForcedChoices same =
        new ForcedChoices(
            Optional.empty(),
            Optional.of(new Grids(Triples.SAME_CLASS, List.of(), 1, 0)),
            Optional.empty(),
            false);
    StudyScores scores = measured(two.withJudges(List.of(L2), same), out);
    assertEquals(
        List.of("clustering within groups", "clustering within groups"),
        scores.rows().stream().map(Row::test).toList());
  }

  @Test
  void chunksThatAreThere_areMeasured_andOthersAreNot() throws IOException {
    Study study = Fixture.tiny(images).withJudges(List.of(L2), ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    assertThrows(IllegalStateException.class, () -> run.measure(StudyListener.none()));
    run.run(StudyListener.none());
    Fixture.delete(out.resolve(run.chunks().get(1).folder()));
    StudyScores scores = run.measure(StudyListener.none());
    assertEquals(3, scores.rows().get(0).total());
    assertThrows(
        IllegalStateException.class,
        () -> StudyRun.of(Fixture.tiny(images), out).measure(StudyListener.none()));
  }

  @Test
  void imagesTooFewForAnyTest_areRefused() throws IOException {
    ForcedChoices clustering =
        new ForcedChoices(
            Optional.empty(),
            Optional.of(new Grids(Triples.RANDOM, List.of(), 1, 0)),
            Optional.empty(),
            false);
    Study two =
        Fixture.with(Fixture.tiny(images), Targets.folder(images).first(2))
            .withJudges(List.of(L2), clustering);
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> measured(two, out));
    assertTrue(e.getMessage().startsWith("expected at least three images"), e.getMessage());
    StudyScores scores = measured(two.withJudges(List.of(L2), ForcedChoices.defaults()), out);
    assertEquals(List.of("2AFC", "2AFC"), scores.rows().stream().map(Row::test).toList());
    assertTrue(Files.readString(out.resolve("report.html")).contains("Clustering was not asked"));
  }

  @Test
  void study_whoseOnlyJudgeIsHeldOut_isReportedWithoutScores() throws IOException {
    Study study =
        with(
                Fixture.tiny(images),
                Penalty.of(
                    "against",
                    Fixture.against(
                        Fixture.NETWORKS.resolve("smooth.onnx"), 1, Penalty.Coefficient.FIXED)))
            .withJudges(List.of(FEATURES), ForcedChoices.defaults());
    StudyScores scores = measured(study, out);
    assertTrue(scores.pooled().stream().allMatch(cell -> cell.estimate().isEmpty()));
    String report = Files.readString(out.resolve("report.html"));
    assertTrue(report.contains("<td>- <small>held out</small></td>"), report);
  }

  @Test
  void interrupt_endsMeasuring_andWhatWasAnsweredIsKept() throws IOException {
    Study study = Fixture.study(images).withJudges(List.of(L2), ForcedChoices.defaults());
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    List<String> told = new ArrayList<>();
    StudyListener interrupts =
        new StudyListener() {
          @Override
          public void answered(String search, String judge, int done, int all) {
            told.add("%s by %s, %d of %d".formatted(search, judge, done, all));
            if (done == 3) {
              Thread.currentThread().interrupt();
            }
          }
        };
    assertThrows(InterruptedIOException.class, () -> run.measure(interrupts));
    assertTrue(Thread.interrupted());
    assertEquals("relu, reg_free, seed 42 by pixels, 1 of 16", told.get(0));
    assertEquals(3, told.size());
    assertEquals(3, answers().size());
    assertFalse(Files.exists(out.resolve("measured/scores.csv")));
    assertEquals(32, run.measure(StudyListener.none()).rows().size());
  }

  @Test
  void judges_thatCannotBeToldApart_areRefused() throws IOException {
    Path copy = Files.copy(Fixture.NETWORKS.resolve("smooth.onnx"), temp.resolve("copy.onnx"));
    DistanceRecipe same = Fixture.features(copy);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                StudyRun.of(
                    Fixture.tiny(images)
                        .withJudges(List.of(FEATURES, same), ForcedChoices.defaults()),
                    out));
    assertTrue(e.getMessage().startsWith("judges: expected distances that differ"), e.getMessage());
  }

  private static StudyScores measured(Study study, Path out) throws IOException {
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    return run.measure(StudyListener.none());
  }

  private static Study with(Study study, Penalty penalty) {
    return new Study(
        study.networks(),
        List.of(penalty),
        study.targets(),
        study.seeds(),
        study.search().withStopping(Stopping.never()),
        study.pairs(),
        study.chunk(),
        study.floats());
  }

  private List<Path> answers() throws IOException {
    try (Stream<Path> files = Files.list(out.resolve("measured/answers"))) {
      return files.sorted().filter(file -> file.toString().endsWith(".csv")).toList();
    }
  }

  private Map<Path, Object> times() throws IOException {
    Map<Path, Object> times = new TreeMap<>();
    for (Path file : answers()) {
      times.put(file, Files.getLastModifiedTime(file));
    }
    return times;
  }
}
