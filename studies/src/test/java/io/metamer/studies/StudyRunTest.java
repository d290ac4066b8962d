package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.image.Seeds;
import io.metamer.image.Transformations;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.InversionListener.Iteration;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Lpips;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

final class StudyRunTest {

  private final Path temp;
  private final Path images;
  private final Path out;

  StudyRunTest(@TempDir Path temp) {
    this.temp = temp;
    images = Fixture.images(temp.resolve("images"), 5);
    out = temp.resolve("out");
  }

  @Test
  void study_run_writesAnImageOfEachSearch() throws IOException {
    Study study = Fixture.study(images);
    assertEquals(new StudyRun.Outcome(0, 16, 0), run(study, out));
    try (Stream<Path> files = Files.walk(out)) {
      assertEquals(2 * 2 * 2 * 5, files.filter(file -> file.toString().endsWith(".png")).count());
    }
    assertEquals(study, Study.read(out.resolve("study.yaml")));
    List<String> rows = Files.readAllLines(out.resolve("results.csv"));
    assertEquals(1 + 40, rows.size());
    assertEquals(
        "network,regularizer,seed,index,target,file,distance,loss,bestIteration,iterations,"
            + "evaluations,stop,asFound.distance,asFound.percentile,asFound.pearson,"
            + "asFound.spearman,asFound.targetClass,asFound.imageClass,asPng.distance,"
            + "asPng.percentile,asPng.pearson,asPng.spearman,asPng.targetClass,asPng.imageClass",
        rows.get(0));
    assertTrue(
        rows.get(1).startsWith("relu,reg_free,42,0,t00,relu/reg_free/seed-42/chunk-000-"),
        rows.get(1));
    assertTrue(Files.exists(out.resolve(rows.get(40).split(",", -1)[5])), rows.get(40));
  }

  @Test
  void chunk_saysWhatItsImagesAre() throws IOException {
    StudyRun run = StudyRun.of(Fixture.study(images), out);
    run.run(StudyListener.none());
    Chunk chunk = run.chunks().get(1);
    assertEquals("relu, reg_free, seed 42, chunk 1", chunk.toString());
    JsonNode said = said(chunk);
    assertEquals(chunk.key(), said.get("key").textValue());
    assertEquals(2, said.get("images").size());
    JsonNode image = said.at("/images/1");
    assertEquals(4, image.get("index").intValue());
    assertEquals("00004-t04.png", image.get("file").textValue());
    assertTrue(image.get("distance").doubleValue() < 1, image::toString);
    assertEquals(
        image.get("distance").doubleValue(), image.at("/asFound/distance").doubleValue(), 1e-5);
    assertTrue(image.at("/asPng/spearman").isDouble(), image::toString);
    assertTrue(image.at("/asPng/imageClass").isInt(), image::toString);
    assertEquals(2, said.at("/nullDistribution/pairs").intValue());
    assertEquals("12", said.at("/options/iterations").textValue());
    assertEquals("none", said.at("/options/regularizer").textValue());
    assertFalse(said.toString().contains("started"), said::toString);
  }

  @Test
  void pairs_ofOtherImages_areWhatDistancesAreComparedWith() throws IOException {
    Path others = Fixture.images(temp.resolve("others"), 7);
    StudyRun run = StudyRun.of(Fixture.tiny(images).withPairs(Targets.folder(others)), out);
    run.run(StudyListener.none());
    for (Chunk chunk : run.chunks()) {
      assertEquals(7 * 6, said(chunk).at("/nullDistribution/pairs").intValue());
    }
  }

  @Test
  void preset_givesStepsSeedsAndLayers() throws IOException {
    Study study = Fixture.tiny(images);
    StudyRun run =
        StudyRun.of(
            with(study, SearchRecipe.of(Preset.MAHENDRAN_VEDALDI_2015).withIterations(3)), out);
    run.run(StudyListener.none());
    JsonNode said = said(run.chunks().get(0));
    assertEquals("SQUARED_RELATIVE_L2", said.at("/options/matching").textValue());
    assertEquals("none", said.at("/options/regularizer").textValue());

    study = with(study, SearchRecipe.of(Preset.MAHENDRAN_VEDALDI_2015).withIterations(3));
    run = StudyRun.of(with(study, Penalty.published(Penalty.PRESET)), out);
    run.run(StudyListener.none());
    said = said(run.chunks().get(1));
    assertTrue(said.at("/options/regularizer").textValue().contains("^6"), said::toString);
    // Each image of it has noise of its own, whichever chunk it is in.
    try (INDArray seeds = Preset.MAHENDRAN_VEDALDI_2015.seeds(Fixture.INPUT, 5, 42)) {
      INDArray last = seeds.get(NDArrayIndex.interval(3, 5)).dup('c');
      assertEquals(Sha256.of(last), said.get("seedsSha256").textValue());
    }
  }

  @Test
  void regularizer_withTransformationsInFourierCoefficients_isSearchedSo() throws IOException {
    Study study = Fixture.tiny(images);
    Penalty penalty =
        Penalty.published("freq")
            .with("freq transforms", Transformations.cifar10(3))
            .inFourierCoefficients("freq transforms fft");
    StudyRun run = StudyRun.of(with(study, penalty), out);
    run.run(StudyListener.none());
    JsonNode said = said(run.chunks().get(0));
    assertEquals(
        "Fourier[decay=1.0, clamped=false]", said.at("/options/parameterization").textValue());
    assertTrue(said.at("/options/transformations").textValue().contains("seed=3"), said::toString);
    try (INDArray seeds = Seeds.fourier(Fixture.INPUT, 3, 42)) {
      assertEquals(Sha256.of(seeds), said.get("seedsSha256").textValue());
    }
  }

  @Test
  void search_thatDoesNotGoWithARegularizer_isRefusedBeforeAnyWork() {
    Study study = Fixture.tiny(images);
    Study ball = with(study, study.search().withConstraint(Constraint.l2(1)));
    Study both = with(ball, Penalty.published("freq").inFourierCoefficients("freq fft"));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> StudyRun.of(both, out));
    assertTrue(e.getMessage().startsWith("regularizer freq fft: expected no ball"), e.getMessage());
    assertFalse(Files.exists(out));
  }

  @Test
  void layers_ofThePreset_haveAFakeRelu() throws IOException {
    Study study = Fixture.tiny(images);
    Subject relu = Subject.of("relu", study.networks().get(0).file(), Preprocessing.cifar10());
    StudyRun run = StudyRun.of(with(study, relu), out);
    assertTrue(run.models().get(0).layer().endsWith(", fake ReLU"), run.models()::toString);

    Subject smooth = Fixture.subject("smooth");
    Subject without = Subject.of("smooth", smooth.file(), smooth.preprocessing());
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> StudyRun.of(with(study, without), out));
    assertTrue(
        e.getMessage()
            .startsWith(
                "network smooth at \"penultimate\", fake ReLU, the layers of preset nanda2023: "),
        e.getMessage());
  }

  @Test
  void classifier_thatIsNowhere_isRefused() throws IOException {
    Study study = with(Fixture.tiny(images), Fixture.subject("relu").withClassifier("nowhere"));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> StudyRun.of(study, out));
    assertTrue(e.getMessage().contains("nowhere"), e.getMessage());
  }

  @Test
  void floats_areTheImagesBeforeRounding() throws IOException {
    StudyRun run = StudyRun.of(Fixture.study(images), out);
    run.run(StudyListener.none());
    Path folder = out.resolve(run.chunks().get(0).folder());
    INDArray floats = Nd4j.createFromNpyFile(folder.resolve("images.npy").toFile());
    List<Path> files = List.of(folder.resolve("00000-t00.png"), folder.resolve("00001-t01.png"));
    INDArray read = Images.read(files, Fixture.INPUT);
    assertEquals(Images.quantize(floats, Fixture.INPUT).slice(1), read.slice(1));
    assertNotEquals(floats.slice(1), read.slice(1));
  }

  @Test
  void study_runTwice_hasTheSameBytes() throws IOException {
    Study study = Fixture.study(images);
    run(study, out);
    run(study, temp.resolve("again"));
    assertEquals(Fixture.bytes(out), Fixture.bytes(temp.resolve("again")));
  }

  @Test
  void study_runAgainInItsFolder_computesNothing() throws IOException {
    Study study = Fixture.tiny(images);
    run(study, out);
    List<String> begun = new ArrayList<>();
    StudyListener listener =
        new StudyListener() {
          @Override
          public void begins(Chunk chunk) {
            begun.add(chunk.toString());
          }
        };
    assertEquals(new StudyRun.Outcome(2, 0, 0), StudyRun.of(study, out).run(listener));
    assertEquals(List.of(), begun);
  }

  @ParameterizedTest
  @ValueSource(strings = {"00001-t01.png", "chunk.json"})
  void chunk_thatLacksAFile_isComputedAgain(String file) throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    run.run(StudyListener.none());
    Map<String, String> whole = Fixture.bytes(out);
    Files.delete(out.resolve(run.chunks().get(0).folder()).resolve(file));
    assertEquals(new StudyRun.Outcome(1, 1, 0), run.run(StudyListener.none()));
    assertEquals(whole, Fixture.bytes(out));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "{\"key\": 3}"})
  void chunk_thatIsDamaged_isComputedAgain(String text) throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    run.run(StudyListener.none());
    Map<String, String> whole = Fixture.bytes(out);
    Files.writeString(out.resolve(run.chunks().get(1).folder()).resolve("chunk.json"), text);
    assertEquals(new StudyRun.Outcome(1, 1, 0), run.run(StudyListener.none()));
    assertEquals(whole, Fixture.bytes(out));
  }

  @Test
  void chunk_thatWasBegunAndLeft_isCleared() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    run.run(StudyListener.none());
    Map<String, String> whole = Fixture.bytes(out);
    Path left = out.resolve("relu/reg_free/seed-42/.begun-chunk-007-01234567");
    Files.createDirectories(left);
    Files.writeString(left.resolve("00000-t00.png"), "half");
    Files.writeString(out.resolve(".begun-results.csv"), "half");
    run.run(StudyListener.none());
    assertEquals(whole, Fixture.bytes(out));
    assertFalse(Files.exists(left));
  }

  @Test
  void study_interruptedInAChunk_leavesNoHalfOfIt() throws IOException {
    Study study = Fixture.tiny(images);
    StudyListener interrupting =
        new StudyListener() {
          @Override
          public void evaluated(Chunk chunk, Iteration iteration) {
            if (chunk.index() == 1 && iteration.index()[0] == 2) {
              Thread.currentThread().interrupt();
            }
          }
        };
    assertEquals(new StudyRun.Outcome(0, 1, 1), StudyRun.of(study, out).run(interrupting));
    assertTrue(Thread.interrupted());
    try (Stream<Path> chunks = Files.list(out.resolve("relu/reg_free/seed-42"))) {
      assertEquals(1, chunks.count());
    }
    assertEquals(1 + 3, Files.readAllLines(out.resolve("results.csv")).size());

    assertEquals(new StudyRun.Outcome(1, 1, 0), run(study, out));
    run(study, temp.resolve("through"));
    assertEquals(Fixture.bytes(temp.resolve("through")), Fixture.bytes(out));
  }

  @Test
  void study_interruptedAtAnyMoment_comesToTheSameEnd() throws IOException {
    Study study = Fixture.study(images);
    run(study, temp.resolve("through"));
    Thread worker = Thread.currentThread();
    SplittableRandom random = new SplittableRandom(4);
    StudyRun run = StudyRun.of(study, out);
    for (int i = 0; i < 20; i++) {
      long micros = random.nextInt(60_000);
      Thread other =
          new Thread(
              () -> {
                LockSupport.parkNanos(micros * 1_000);
                worker.interrupt();
              });
      other.start();
      StudyRun.Outcome outcome = run.run(StudyListener.none());
      assertEquals(16, outcome.there() + outcome.written() + outcome.left());
      while (!Thread.interrupted()) {
        Thread.onSpinWait();
      }
      assertTrue(Files.exists(out.resolve("results.csv")));
    }
    run.run(StudyListener.none());
    assertEquals(Fixture.bytes(temp.resolve("through")), Fixture.bytes(out));
  }

  @Test
  void plan_interrupted_saysSo() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    Thread.currentThread().interrupt();
    assertThrows(InterruptedIOException.class, run::plan);
    assertThrows(InterruptedIOException.class, () -> StudyRun.of(Fixture.tiny(images), out));
    assertTrue(Thread.interrupted());
  }

  @Test
  void targets_representedByZeros_areNamedBeforeAnySearch() throws IOException {
    Path dark = Fixture.images(temp.resolve("dark"), 4);
    ImageSpec small = ImageSpec.rgb(4);
    Images.write(Seeds.constant(small, 1, 0).slice(0), small, dark.resolve("t01.png"));
    Subject linear =
        Subject.of("linear", Fixture.NETWORKS.resolve("linear.onnx"), Preprocessing.none())
            .at(LayerSelection.of("penultimate"))
            .withShape(small);
    Study study = with(Fixture.with(Fixture.tiny(images), Targets.folder(dark)), linear);
    StudyRun run = StudyRun.of(study.withChunk(1), out);
    for (Executable work : List.<Executable>of(run::plan, () -> run.run(StudyListener.none()))) {
      IllegalArgumentException e = assertThrows(IllegalArgumentException.class, work);
      assertTrue(e.getMessage().endsWith("all zero are t01 by network linear"), e.getMessage());
    }
    assertEquals(1, Files.readAllLines(out.resolve("results.csv")).size());
  }

  @Test
  void partWeights_thatAreNotAsManyAsTheParts_areRefusedBeforeAnyWork() {
    Study study = Fixture.tiny(images);
    Study two = with(study, study.search().withPartWeights(1, 1));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> StudyRun.of(two, out));
    assertTrue(e.getMessage().startsWith("network relu: expected a weight for each"), e::toString);
  }

  @Test
  void study_interruptedBeforeItBegins_doesNothing() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    Thread.currentThread().interrupt();
    assertEquals(new StudyRun.Outcome(0, 0, 2), run.run(StudyListener.none()));
    assertTrue(Thread.interrupted());
  }

  @Test
  void study_interruptedWhenAChunkIsWritten_keepsIt() throws IOException {
    StudyListener interrupting =
        new StudyListener() {
          @Override
          public void written(Chunk chunk, Path folder) {
            Thread.currentThread().interrupt();
          }
        };
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    assertEquals(new StudyRun.Outcome(0, 1, 1), run.run(interrupting));
    assertTrue(Thread.interrupted());
  }

  @Test
  void study_whoseDescriptionChanged_leavesOtherChunksAlone() throws IOException {
    Study study = Fixture.tiny(images);
    run(study, out);
    Map<String, String> before = Fixture.bytes(out);
    StudyRun other = StudyRun.of(study.withChunk(4), out);
    StudyPlan plan = other.plan();
    assertEquals(0, plan.there());
    assertEquals(2, plan.others().size());
    assertTrue(plan.toString().contains("of another description, left as it is: "), plan::toString);
    other.run(StudyListener.none());
    Map<String, String> after = Fixture.bytes(out);
    before.keySet().removeIf(file -> !file.contains("chunk-"));
    assertTrue(after.entrySet().containsAll(before.entrySet()));
    assertEquals(1 + 5, Files.readAllLines(out.resolve("results.csv")).size());
  }

  @Test
  void study_withMoreTargets_keepsItsWholeChunks() throws IOException {
    Study study = Fixture.tiny(images);
    run(Fixture.with(study, study.targets().first(3)), out);
    assertEquals(new StudyRun.Outcome(1, 1, 0), run(study, out));
  }

  @Test
  void study_whoseImagesChangeMeanwhile_endsInAnError() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    Files.copy(
        images.resolve("t01.png"),
        images.resolve("t00.png"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    IOException e = assertThrows(IOException.class, () -> run.run(StudyListener.none()));
    assertTrue(e.getMessage().contains("changed while the study ran"), e.getMessage());
  }

  @Test
  void folder_thatAnotherRunHas_isRefused() throws IOException {
    Study study = Fixture.tiny(images);
    AtomicReference<String> told = new AtomicReference<>("");
    StudyListener second =
        new StudyListener() {
          @Override
          public void begins(Chunk chunk) {
            told.set(
                assertThrows(
                        IOException.class, () -> StudyRun.of(study, out).run(StudyListener.none()))
                    .getMessage());
          }
        };
    assertEquals(0, StudyRun.of(study, out).run(second).left());
    assertTrue(told.get().endsWith("is being written to by another run of a study"), told.get());
  }

  @Test
  void folder_ofOtherFiles_isRefused() throws IOException {
    Files.createDirectories(out);
    Files.writeString(out.resolve("thesis.txt"), "mine");
    IOException e = assertThrows(IOException.class, () -> run(Fixture.tiny(images), out));
    assertTrue(e.getMessage().contains("files that no study wrote"), e.getMessage());
    try (Stream<Path> files = Files.list(out)) {
      assertEquals(1, files.count());
    }
  }

  @Test
  void targets_ofHostileOrEqualNames_haveFilesOfTheirOwn() throws IOException {
    Path odd = Files.createDirectories(temp.resolve("odd"));
    List<String> names =
        List.of("..x.png", "a b.png", "a*b?.png", "a\nb.png", "ü%s.png", "z.jpg", "z.png");
    for (int i = 0; i < names.size(); i++) {
      Path image = images.resolve("t0%d.png".formatted(i % 5));
      if (!names.get(i).startsWith(".")) {
        Files.copy(image, odd.resolve(names.get(i)));
      }
    }
    Study study = Fixture.with(Fixture.tiny(images), Targets.folder(odd)).withChunk(10);
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    try (Stream<Path> files = Files.list(out.resolve(run.chunks().get(0).folder()))) {
      assertEquals(
          List.of(
              "00000-a_b.png",
              "00001-a_b.png",
              "00002-a_b_.png",
              "00003-z.png",
              "00004-z.png",
              "00005-ü_s.png",
              "chunk.json",
              "times.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    assertTrue(Files.readString(out.resolve("results.csv")).contains("\"a\nb\""));
  }

  @Test
  void name_thatIsVeryLong_isCutBetweenCharacters() {
    String name = Names.png(7, "x".repeat(59) + "\uD840\uDC00");
    assertEquals("00007-" + "x".repeat(59) + ".png", name);
  }

  @Test
  void key_dependsOnAllThatImagesDependOn() throws IOException {
    Study study = Fixture.tiny(images);
    List<Study> others =
        List.of(
            study,
            study.withChunk(2),
            with(study, study.search().withBatch(1)),
            with(study, study.search().withIterations(13)),
            with(study, study.search().withTolerance(0.2)),
            Fixture.with(study, study.targets().shuffled(1)),
            with(study, Start.of(43)),
            with(study, Start.of(Start.Kind.LIGHT_NOISE, 42)),
            with(study, Penalty.published("freq")),
            with(study, Fixture.subject("smooth")),
            with(
                study, Subject.of("relu", study.networks().get(0).file(), Preprocessing.cifar10())),
            study.withPairs(Targets.folder(images)),
            study.withPairs(Targets.folder(images).first(4)),
            study.withFloats(true));
    List<String> keys = new ArrayList<>();
    for (Study other : others) {
      keys.add(StudyRun.of(other, out).chunks().get(0).key());
    }
    assertEquals(keys.size(), keys.stream().distinct().count());
    assertFalse(Files.exists(out));
  }

  @Test
  void plan_saysWhatIsLeftAndWritesNothing() throws IOException {
    StudyPlan plan = StudyRun.of(Fixture.study(images), out).plan();
    assertEquals(40, plan.images());
    assertEquals(16, plan.chunks());
    assertEquals(0, plan.there());
    assertEquals(4, plan.parts().size());
    StudyPlan.Part part = plan.parts().get(3);
    assertEquals("smooth", part.network());
    assertEquals(10, part.images());
    assertEquals(2, part.batch());
    assertEquals(part.step() * 10 * 13 / 2, part.seconds(), 1e-9);
    assertTrue(plan.memory() > 50e6, plan::toString);
    assertTrue(plan.disk() > 40 * 3 * 64 * 4, plan::toString);
    assertTrue(plan.toString().startsWith("40 searches in 16 chunks, 0 of them there\n"));
    assertFalse(Files.exists(out));
  }

  @Test
  void batch_isAsLargeAsTheMemoryHasRoomFor() throws IOException {
    Study study = Fixture.study(images);
    Study tight =
        Study.of(
            study.networks(),
            study.regularizers(),
            study.targets(),
            study.seeds(),
            study.search().withMemory(1e-6));
    StudyPlan plan = StudyRun.of(tight, out).plan();
    assertEquals(List.of(1, 1, 1, 1), plan.parts().stream().map(StudyPlan.Part::batch).toList());
    assertNotEquals(
        StudyRun.of(study, out).chunks().get(0).key(),
        StudyRun.of(tight, out).chunks().get(0).key());
  }

  @Test
  void plan_ofWhatIsDone_measuresNothing() throws IOException {
    Study study = Fixture.tiny(images);
    run(study, out);
    StudyPlan plan = StudyRun.of(study, out).plan();
    assertEquals("5 searches in 2 chunks, 2 of them there\n", plan.toString());
  }

  @Test
  void plan_namesOtherRuntimesOfChunks() throws IOException {
    StudyRun run = StudyRun.of(Fixture.tiny(images), out);
    run.run(StudyListener.none());
    Path said = out.resolve(run.chunks().get(0).folder()).resolve("chunk.json");
    Files.writeString(said, Files.readString(said).replace("Metamer ", "Metamer 0.0, not "));
    StudyPlan plan = run.plan();
    assertEquals(1, plan.otherRuntimes().size());
    assertTrue(plan.toString().contains("made by another runtime: Metamer 0.0"), plan::toString);
  }

  @Test
  void network_ofAnotherSize_isRefused() throws IOException {
    Study study = with(Fixture.tiny(images), Fixture.at(Fixture.subject("relu"), ImageSpec.rgb(9)));
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> StudyRun.of(study, out));
    assertTrue(e.getMessage().contains("relu"), e.getMessage());
  }

  @Test
  void network_withoutTheLayer_isRefused() throws IOException {
    Study study = Fixture.tiny(images);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> run(with(study, Fixture.subject("relu").at(LayerSelection.of("nowhere"))), out));
    assertTrue(e.getMessage().contains("nowhere"), e.getMessage());
  }

  @Test
  void penalty_ofADistance_isSearchedWithAndToldWithItsHash() throws IOException {
    StudyRun run = StudyRun.of(with(Fixture.tiny(images), against(1)), out);
    run.run(StudyListener.none());
    JsonNode said = said(run.chunks().get(0));
    assertEquals(
        "2.0 adversarial(features of smooth)", said.at("/options/regularizer").textValue());
    assertEquals("features of smooth", said.at("/distances/0/name").textValue());
    assertEquals(
        Sha256.of(Files.readAllBytes(Fixture.NETWORKS.resolve("smooth.onnx"))),
        said.at("/distances/0/sha256").textValue());
    double near = said.at("/images/0/loss").doubleValue();
    assertTrue(near < said.at("/images/0/distance").doubleValue(), said::toString);
  }

  @Test
  void keyOfAChunk_dependsOnTheDistanceAndNotOnWhereItsFileIs() throws IOException {
    Study study = Fixture.tiny(images);
    String key = key(with(study, against(1)));
    assertEquals(key, key(with(study, against(1))));
    assertNotEquals(key, key(with(study, against(2))));
    assertNotEquals(key, key(with(study, Penalty.published("reg_free"))));
    Path copy = Files.copy(Fixture.NETWORKS.resolve("smooth.onnx"), temp.resolve("c.onnx"));
    Penalty.Adversarial moved = Fixture.against(copy, 2, Penalty.Coefficient.FIXED);
    assertEquals(key, key(with(study, Penalty.of("against", moved))));
    assertEquals(
        key,
        key(
            with(study, against(1))
                .withJudges(
                    List.of(new DistanceRecipe.OfPixels(DistanceRecipe.OfPixels.Formula.L2)),
                    ForcedChoices.defaults())));
  }

  @Test
  void coefficients_areFixedOrBalanced() throws IOException {
    for (Penalty.Coefficient coefficient : Penalty.Coefficient.values()) {
      Path folder = temp.resolve(coefficient.name());
      Penalty penalty =
          Penalty.of(
              "against", Fixture.against(Fixture.NETWORKS.resolve("smooth.onnx"), 1, coefficient));
      StudyRun run = StudyRun.of(with(Fixture.tiny(images), penalty), folder);
      run.run(StudyListener.none());
      String regularizer =
          new ObjectMapper()
              .readTree(folder.resolve(run.chunks().get(0).folder()).resolve("chunk.json").toFile())
              .at("/options/regularizer")
              .textValue();
      String plain = "adversarial(features of smooth)";
      assertEquals(
          switch (coefficient) {
            case FIXED -> plain;
            case IMAGE -> "balanced " + plain;
            case BATCH -> "balanced over 2 " + plain;
          },
          regularizer);
    }
  }

  @Test
  void releasedFault_ofAdversarialSearches_isThatOfTheStudy() throws IOException {
    Study study =
        with(
            with(Fixture.tiny(images), against(1)),
            SearchRecipe.of(Preset.NANDA_2023_RELEASED).withIterations(2));
    StudyRun run = StudyRun.of(study, out);
    run.run(StudyListener.none());
    String layer = said(run.chunks().get(0)).at("/model/layer").textValue();
    assertTrue(layer.endsWith(", iterates not normalised"), layer);
  }

  @Test
  void distance_thatCannotTakeTheImages_isRefusedBeforeAnySearch() {
    Study study = Fixture.tiny(images);
    DistanceRecipe ssim = new DistanceRecipe.OfPixels(DistanceRecipe.OfPixels.Formula.SSIM);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> StudyRun.of(study.withJudges(List.of(ssim), ForcedChoices.defaults()), out));
    assertTrue(
        e.getMessage()
            .startsWith("judges: distance SSIM: expected images of shape [N, C, H, W] with"),
        e.getMessage());
    NoSuchFileException missing =
        assertThrows(
            NoSuchFileException.class,
            () ->
                StudyRun.of(
                    with(
                        study,
                        Penalty.published(
                            "adv_alex_finetuned",
                            new DistanceRecipe.OfLpips(
                                Lpips.Trunk.ALEX, Lpips.Heads.V0_1, temp.resolve("no")))),
                    out));
    assertEquals(temp.resolve("no").toString(), missing.getFile());
    IOException empty =
        assertThrows(
            IOException.class,
            () ->
                StudyRun.of(
                    with(
                        study,
                        Penalty.published(
                            "adv_alex_finetuned",
                            new DistanceRecipe.OfLpips(
                                Lpips.Trunk.ALEX, Lpips.Heads.V0_1, images))),
                    out));
    assertTrue(
        empty.getMessage().startsWith("regularizer adv_alex_finetuned: "), empty.getMessage());
    assertFalse(Files.exists(out));
  }

  private static Penalty against(double strength) {
    Path file = Fixture.NETWORKS.resolve("smooth.onnx");
    Penalty penalty =
        Penalty.of("against", Fixture.against(file, 2 * strength, Penalty.Coefficient.FIXED));
    return penalty;
  }

  private String key(Study study) throws IOException {
    return StudyRun.of(study, out).chunks().get(0).key();
  }

  private JsonNode said(Chunk chunk) throws IOException {
    return new ObjectMapper().readTree(out.resolve(chunk.folder()).resolve("chunk.json").toFile());
  }

  private static StudyRun.Outcome run(Study study, Path out) throws IOException {
    return StudyRun.of(study, out).run(StudyListener.none());
  }

  private static Study with(Study study, Object part) {
    return new Study(
        part instanceof Subject subject ? List.of(subject) : study.networks(),
        part instanceof Penalty penalty ? List.of(penalty) : study.regularizers(),
        study.targets(),
        part instanceof Start start ? start : study.seeds(),
        part instanceof SearchRecipe search ? search : study.search(),
        study.pairs(),
        study.chunk(),
        study.floats());
  }
}
