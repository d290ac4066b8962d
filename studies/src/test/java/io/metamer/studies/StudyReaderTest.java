package io.metamer.studies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import io.metamer.image.Transformation;
import io.metamer.image.Transformations;
import io.metamer.inversion.Constraint;
import io.metamer.inversion.Keep;
import io.metamer.inversion.Schedule;
import io.metamer.inversion.StepRule;
import io.metamer.inversion.Stopping;
import io.metamer.loss.Matching;
import io.metamer.model.LayerSelection;
import io.metamer.model.Preprocessing;
import io.metamer.perceptual.Lpips.Heads;
import io.metamer.perceptual.Lpips.Trunk;
import io.metamer.regularizers.AdversarialRegularizer.Anchor;
import io.metamer.regularizers.Blur;
import io.metamer.regularizers.L1;
import io.metamer.regularizers.LpNorm;
import io.metamer.regularizers.TotalVariation;
import io.metamer.studies.DistanceRecipe.OfPixels.Formula;
import io.metamer.studies.Penalty.Term;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class StudyReaderTest {

  private static final String MINIMAL =
      """
      networks:
        - file: nets/a.onnx
          preprocessing: cifar10
      regularizers: [reg_free]
      targets: {folder: images}
      seeds: [42]
      """;

  private static final String FULL =
      """
      networks:
        - name: robust
          file: nets/a.onnx
          layer: {conv3: 1, conv4: 0.5}
          fakeRelu: true
          preprocessing: {mean: [1, 2, 3], std: [4, 5, 6], scale: 255, order: BGR}
          classifier: logits
          shape: [3, 8, 9]
        - {file: b.zip, layer: [x, y], preprocessing: {mean: 0.5, std: 0.25}}
      regularizers:
        - freq_tv_l6
        - name: own
          terms:
            - {term: tv, beta: 2, weight: 5e-5}
            - {term: lp, p: 6, weight: 0.1}
            - {term: blur, held: false, weight: 1}
            - {term: l1, center: 0.5, weight: -1}
            - {term: tv, beta: 3, perPixel: true, weight: 1}
            - {term: lp, p: 3, center: 0.5, weight: 1}
        - preset
        - {name: shaken, published: freq, transformations: cifar10}
        - name: shaken fft
          transformations:
            steps: [{pad: 12, fill: 0.5}, {jitter: 8}, {scale: [0.9, 1.1]}, {rotate: [-5, 5]}]
            seed: 9
          parameterization: fourier
      targets: {idx: images.gz, labels: labels.gz, count: 100, shuffle: 7}
      seeds: {kind: gray-noise, values: [-1, 9223372036854775807]}
      search:
        preset: feather2023
        matching: squared-relative-l2
        partWeights: [1, 0.5]
        constraint: {norm: linf, radius: 0.25, center: target}
        step: {rule: adam, size: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, schedule: cosine}
        iterations: 500
        stopping: {distance: 0.01, patience: 50, share: 1e-4}
        keep: last
        rawSeed: true
        batch: 16
        memory: 0.5
        tolerance: 0.05
      pairs: {folder: others, count: 100}
      chunk: 48
      floats: true
      """;

  private final Path temp;

  StudyReaderTest(@TempDir Path temp) {
    this.temp = temp;
  }

  @Test
  void description_ofTheLeast_hasDefaults() throws IOException {
    Study expected =
        new Study(
            List.of(Subject.of("a", temp.resolve("nets/a.onnx"), Preprocessing.cifar10())),
            List.of(Penalty.published("reg_free")),
            Targets.folder(temp.resolve("images")),
            Start.of(42),
            SearchRecipe.of(Preset.NANDA_2023),
            Optional.empty(),
            Study.DEFAULT_CHUNK,
            false);
    assertEquals(expected, read(MINIMAL));
  }

  @Test
  void description_ofEverything_isWhatCodeSays() throws IOException {
    Study expected =
        new Study(
            List.of(
                Subject.of(
                        "robust",
                        temp.resolve("nets/a.onnx"),
                        new Preprocessing(
                            List.of(1.0, 2.0, 3.0),
                            List.of(4.0, 5.0, 6.0),
                            255,
                            Preprocessing.Order.BGR))
                    .at(LayerSelection.of("conv3").and("conv4", 0.5).withFakeRelu())
                    .withClassifier("logits")
                    .withShape(new ImageSpec(3, 8, 9, 0, 1)),
                Subject.of("b", temp.resolve("b.zip"), Preprocessing.of(0.5, 0.25))
                    .at(LayerSelection.of(List.of("x", "y")))),
            List.of(
                Penalty.published("freq_tv_l6"),
                Penalty.of(
                    "own",
                    Term.of(new TotalVariation(2), 5e-5),
                    Term.of(new LpNorm(6), 0.1),
                    Term.of(new Blur(false), 1),
                    Term.of(new L1(0.5), -1),
                    Term.of(TotalVariation.perPixel(3), 1),
                    Term.of(new LpNorm(3, 0.5), 1)),
                Penalty.published(Penalty.PRESET),
                Penalty.published("freq").with("shaken", Transformations.cifar10(0)),
                new Penalty(
                    "shaken fft",
                    Optional.empty(),
                    Optional.empty(),
                    List.of(),
                    1,
                    new Transformations(
                        List.of(
                            new Transformation.Pad(12, 0.5),
                            new Transformation.Jitter(8),
                            new Transformation.Scale(List.of(0.9, 1.1)),
                            new Transformation.Rotate(List.of(-5.0, 5.0))),
                        9),
                    true)),
            Targets.idx(temp.resolve("images.gz"), temp.resolve("labels.gz"))
                .first(100)
                .shuffled(7),
            Start.of(Start.Kind.GRAY_NOISE, -1, Long.MAX_VALUE),
            SearchRecipe.of(Preset.FEATHER_2023)
                .withMatching(Matching.SQUARED_RELATIVE_L2)
                .withPartWeights(1, 0.5)
                .withConstraint(Constraint.linf(0.25).around(Constraint.Center.TARGET))
                .withStep(new StepRule.Adam(0.1, 0.9, 0.99, 1e-8, Schedule.COSINE))
                .withIterations(500)
                .withStopping(Stopping.at(0.01).orAfter(50, 1e-4))
                .withKeep(Keep.LAST)
                .withRawSeed(true)
                .withBatch(16)
                .withMemory(0.5)
                .withTolerance(0.05),
            Optional.of(Targets.folder(temp.resolve("others")).first(100)),
            48,
            true);
    assertEquals(expected, read(FULL));
  }

  @ParameterizedTest
  @ValueSource(strings = {MINIMAL, FULL})
  void description_writtenAndRead_isEqual(String text) throws IOException {
    Study study = read(text);
    Path elsewhere = Files.createDirectory(temp.resolve("elsewhere")).resolve("study.yaml");
    Files.writeString(elsewhere, study.yaml());
    assertEquals(study, Study.read(elsewhere), study::yaml);
  }

  @Test
  void networks_withEqualPreprocessing_areWrittenWithoutAliases() throws IOException {
    String text =
        MINIMAL.replace(
            "regularizers", "  - {name: c, file: c, preprocessing: cifar10}\nregularizers");
    assertFalse(read(text).yaml().contains("&"), read(text).yaml());
  }

  static Stream<StepRule> steps() {
    return Stream.of(
        StepRule.normalized(1).withSchedule(Schedule.halving(8)),
        StepRule.sign(0.5).withSchedule(Schedule.plateau()),
        StepRule.gradient(3),
        StepRule.momentum(0.25)
            .withSchedule(Schedule.rounds(new Schedule.Round(3, 1), new Schedule.Round(2, 0.5))),
        StepRule.adam(0.125),
        StepRule.lbfgs());
  }

  @Test
  void distances_ofPenaltiesAndJudges_areWhatCodeSays() throws IOException {
    Study study =
        read(
            MINIMAL.replace(
                "[reg_free]",
                """

                  - published: adv_alex_finetuned
                    distance: {lpips: {weights: lpips}}
                  - name: against
                    strength: [0.1, 1, 20]
                    terms:
                      - {term: adversarial, distance: l2, weight: 2}
                      - {term: adversarial, distance: ms-ssim, anchor: seed, weight: 1}
                      - {term: adversarial, distance: ssim, coefficient: batch, weight: 1}
                      - {term: tv, beta: 2, weight: 1}
                  - {name: half, published: freq, strength: 0.5}
                judges:
                  - ssim
                  - lpips: {trunk: squeeze, heads: none, weights: /lpips}
                  - dists: {vgg16: vgg16.pth, weights: weights.pt}
                  - features: {file: nets/judge.onnx, layers: [a, b], preprocessing: cifar10}
                  - features: {name: j, file: b.onnx, layers: c, preprocessing: {mean: 0, std: 1}}
                tests:
                  2afc: {seed: 7, ties: aligned}
                  clustering: {triples: [[cat, dog], [ship, truck]], repetitions: 5, seed: -1}
                  tolerance: 0.2
                  everyJudge: true
                """));
    Penalty against =
        Penalty.of(
            "against",
            new Penalty.Adversarial(
                new DistanceRecipe.OfPixels(Formula.L2),
                Anchor.TARGET,
                Penalty.Coefficient.FIXED,
                2),
            new Penalty.Adversarial(
                new DistanceRecipe.OfPixels(Formula.MS_SSIM),
                Anchor.SEED,
                Penalty.Coefficient.FIXED,
                1),
            new Penalty.Adversarial(
                new DistanceRecipe.OfPixels(Formula.SSIM),
                Anchor.TARGET,
                Penalty.Coefficient.BATCH,
                1),
            Term.of(new TotalVariation(2), 1));
    assertEquals(
        List.of(
            Penalty.published(
                "adv_alex_finetuned",
                new DistanceRecipe.OfLpips(Trunk.ALEX, Heads.V0_1, temp.resolve("lpips"))),
            against.atStrength(0.1),
            against,
            against.atStrength(20),
            new Penalty(
                "half",
                Optional.of("freq"),
                Optional.empty(),
                List.of(),
                0.5,
                Transformations.none(),
                false)),
        study.regularizers());
    assertEquals("against x0.1", study.regularizers().get(1).name());
    assertEquals("against x20", study.regularizers().get(3).name());
    assertEquals(
        List.of(
            new DistanceRecipe.OfPixels(Formula.SSIM),
            new DistanceRecipe.OfLpips(Trunk.SQUEEZE, Heads.NONE, Path.of("/lpips")),
            new DistanceRecipe.OfDists(temp.resolve("vgg16.pth"), temp.resolve("weights.pt")),
            new DistanceRecipe.OfFeatures(
                "features of judge",
                temp.resolve("nets/judge.onnx"),
                List.of("a", "b"),
                Preprocessing.cifar10()),
            new DistanceRecipe.OfFeatures(
                "j", temp.resolve("b.onnx"), List.of("c"), Preprocessing.of(0, 1))),
        study.judges());
    assertEquals(
        new ForcedChoices(
            Optional.of(new ForcedChoices.TwoAlternatives(Optional.of(7L), true)),
            Optional.of(
                new ForcedChoices.Grids(
                    ForcedChoices.Triples.LISTED,
                    List.of(List.of("cat", "dog"), List.of("ship", "truck")),
                    5,
                    -1)),
            Optional.of(0.2),
            true),
        study.choices());
    assertEquals(study, read(study.yaml()), study::yaml);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{2afc: {}}",
        "{2afc: {seed: own, ties: wrong}}",
        "{clustering: {triples: same-class, repetitions: 2}}",
        "{clustering: {triples: random}, everyJudge: true}",
        "{tolerance: 0.05}"
      })
  void tests_writtenAndRead_areEqual(String tests) throws IOException {
    Study study = read(MINIMAL + "tests: " + tests + "\n");
    assertEquals(study, read(study.yaml()), study::yaml);
  }

  @ParameterizedTest
  @MethodSource("steps")
  void step_writtenAndRead_isEqual(StepRule step) throws IOException {
    Study study = read(MINIMAL);
    study =
        new Study(
            study.networks(),
            study.regularizers(),
            study.targets(),
            study.seeds(),
            study.search().withStep(step),
            study.pairs(),
            study.chunk(),
            study.floats());
    assertEquals(study, read(study.yaml()), study::yaml);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{cifar10: test_batch.bin, count: 3}",
        "{idx: images}",
        "{folder: '/somewhere/with: colons # and signs', shuffle: -3}"
      })
  void targets_writtenAndRead_areEqual(String targets) throws IOException {
    Study study = read(MINIMAL.replace("{folder: images}", targets));
    assertEquals(study, read(study.yaml()), study::yaml);
  }

  @Test
  void name_thatYamlTakesForATruth_isAName() throws IOException {
    Study study = read(MINIMAL.replace("- file", "- name: no\n    file"));
    assertEquals("no", study.networks().get(0).name());
    assertEquals(study, read(study.yaml()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "reg_free | reg_fre | line 4: regularizers[0]: expected a regularizer of [reg_free, freq",
        "regularizers | regularisers | line 4: unknown key \"regularisers\", expected networks, reg",
        "preprocessing: cifar10 | layer: a | line 2: networks[0]: expected a key preprocessing",
        "cifar10 | cifar | networks[0].preprocessing: expected a preprocessing among none, imagenet",
        "cifar10 | {mean: 1} | networks[0].preprocessing: expected a key std, there is none",
        "cifar10 | {mean: a, std: 1} | networks[0].preprocessing.mean: expected a number, got \"a\"",
        "cifar10 | {mean: 1, std: 0} | networks[0].preprocessing: expected finite deviations",
        "cifar10 | {mean: 1, std: 1, order: GBR} | expected BGR or RGB, got \"GBR\"",
        "nets/a.onnx | 'a?.onnx' | networks[0]: name: expected up to 60 letters",
        "nets/a.onnx | 'a\\0b' | line 2",
        "folder | dir | line 5: targets: unknown key \"dir\", expected folder, cifar10, idx",
        "{folder: images} | {count: 1} | expected one key among folder, cifar10, idx, got none",
        "{folder: images} | {folder: a, idx: b} | got folder, idx",
        "{folder: images} | {folder: a, labels: b} | targets: labels: expected beside a file of IDX",
        "{folder: images} | {folder: a, count: 0} | targets: count: expected at least 1 image, got 0",
        "{folder: images} | {folder: a, count: 1.5} | targets.count: expected a whole number",
        "[42] | [] | line 6: seeds: values: expected at least one seed",
        "[42] | [1, 1] | seeds: values: expected each seed once, got [1, 1]",
        "[42] | [x] | seeds[0]: expected a whole number, got \"x\"",
        "[42] | 42 | seeds: expected a group of keys, got a single value",
        "[42] | {kind: gray, values: [1]} | seeds.kind: expected fourier or gray-noise or light-noise",
        "[reg_free] | [] | regularizers: expected at least one, got none",
        "[reg_free] | [freq, freq] | regularizers: expected names that differ, got \"freq\" twice",
        "[reg_free] | freq | regularizers: expected a list, got a single value",
        "[reg_free] | [{name: freq, terms: [{term: tv, beta: 2, weight: 1}]}] | no published",
        "[reg_free] | [{name: x}] | expected terms, a published regularizer, transformations or",
        "[reg_free] | [{name: x, published: freek}] | expected a regularizer of [reg_free, freq,",
        "[reg_free] | [{name: freq, published: freq_tv}] | no published regularizer's, got \"freq\"",
        "[reg_free] | [{name: freq, published: freq, parameterization: fourier}] | name: expected",
        "[reg_free] | [{name: x, parameterization: fft}] | expected fourier or pixels, got \"fft\"",
        "[reg_free] | [{name: x, transformations: mnist}] | expected cifar10 or imagenet, got",
        "[reg_free] | [{name: x, transformations: {steps: [{turn: 3}]}}] | unknown key \"turn\"",
        "[reg_free] | [{name: x, transformations: {steps: [{jitter: 0}]}}] | at least 1 pixel",
        "[reg_free] | [{name: x, transformations: {steps: [{jitter: 1, fill: 0}]}}] | unknown key",
        "[reg_free] | [{name: x, transformations: {steps: [{scale: []}]}}] | at least one factor",
        "[reg_free] | [{name: x, transformations: {steps: [{pad: 2}]}}] | expected a key fill",
        "[reg_free] | [{name: x, terms: [{term: tw, weight: 1}]}] | expected tv, lp, blur, l1 or",
        "[reg_free] | [{name: x, terms: [{term: tv, p: 2, weight: 1}]}] | unknown key \"p\"",
        "[reg_free] | [{name: x, terms: [{term: tv, beta: 2}]}] | expected a key weight",
        "[reg_free] | [{name: x, terms: [{term: lp, p: 0.5, weight: 1}]}] | terms[0]: expected",
        "[reg_free] | [{name: x, terms: [{term: tv, beta: 2, weight: NaN}]}] | a finite weight",
        "[42] | [42]\\nchunk: 0 | chunk: expected at least 1 image, got 0",
        "[42] | [42]\\nfloats: maybe | floats: expected false or true, got \"maybe\"",
        "[42] | [42]\\nsearch: {preset: nanda} | search.preset: expected a preset among",
        "[42] | [42]\\nsearch: {partWeights: [0]} | search: partWeights: expected finite weights",
        "[42] | [42]\\nsearch: {constraint: ball} | search.constraint: expected box, got \"ball\"",
        "[42] | [42]\\nsearch: {constraint: {norm: l2, radius: 0, center: seed}} | a finite radius",
        "[42] | [42]\\nsearch: {constraint: {norm: l1, radius: 1, center: seed}} | l2 or linf, got",
        "[42] | [42]\\nsearch: {step: {rule: sign, size: 1, schedule: {rounds: []}}} | 1 round, got",
        "[42] | [42]\\npairs: {folder: a, count: 0} | pairs: count: expected at least 1 image",
        "[42] | [42]\\nsearch: {iterations: -1} | search: iterations: expected at least 0, got -1",
        "[42] | [42]\\nsearch: {memory: 0} | search: memory: expected MB above 0, got 0.0",
        "[42] | [42]\\nsearch: {batch: 0} | search: batch: expected at least 1 image, got 0",
        "[42] | [42]\\nsearch: {tolerance: NaN} | search: tolerance: expected a distance above 0",
        "[42] | [42]\\nsearch: {step: {rule: adm}} | search.step.rule: expected normalized, sign",
        "[42] | [42]\\nsearch: {step: {rule: sign}} | search.step: expected a key size",
        "[42] | [42]\\nsearch: {step: {rule: sign, size: 0}} | search.step: expected a finite number",
        "[42] | [42]\\nsearch: {step: {rule: sign, size: 1, decay: 1}} | unknown key \"decay\"",
        "[42] | [42]\\nsearch: {step: {rule: lbfgs, size: 1}} | unknown key \"size\"",
        "[42] | [42]\\nsearch: {step: {rule: sign, size: 1, schedule: cos}} | expected constant or co",
        "[42] | [42]\\nsearch: {step: {rule: sign, size: 1, schedule: {halving: 0}}} | at least 1 ro",
        "[42] | [42]\\nsearch: {stopping: {patience: 1, share: 2}} | search.stopping: expected a share in [0, 1)",
        "[42] | [42]\\nsearch: {stopping: {share: 0.5}} | search.stopping: expected a key patience",
        "[42] | [42]\\nsearch: {keep: first} | search.keep: expected best or last, got \"first\"",
        "[42] | [42]\\nseeds: [43] | expected each key once, got seeds twice",
        "[reg_free] | [{published: freq}] | regularizers[0]: expected a key name, there is none",
        "[reg_free] | [{name: x, published: adv_alex_finetuned}] | distance: expected one beside",
        "[reg_free] | [{name: x, published: freq, distance: l2}] | distance: expected none beside",
        "[reg_free] | [{published: adv_alex, distance: l2}] | expected a regularizer of [reg_free",
        "[reg_free] | [adv_alex_finetuned] | regularizers[0]: distance: expected one beside",
        "[reg_free] | [{name: x, distance: l2, terms: [{term: tv, beta: 2, weight: 1}]}] | a term",
        "[reg_free] | [{name: x, published: freq, strength: 0}] | strength: expected a finite number",
        "[reg_free] | [{name: x, published: freq, strength: [1, -1]}] | strength: expected a finite",
        "[reg_free] | [{name: x, published: freq, strength: [2, 2]}] | got \"x x2\" twice",
        "[reg_free] | [{name: x, terms: [{term: adversarial, weight: 1}]}] | expected a key distance",
        "[reg_free] | [{name: x, terms: [{term: adversarial, distance: l2}]}] | expected a key weight",
        "[reg_free] | [{name: x, terms: [{term: adversarial, distance: l2, weight: 1, anchor: x}]}] | seed or target",
        "[reg_free] | [{name: x, terms: [{term: adversarial, distance: l2, weight: NaN}]}] | a finite weight",
        "[reg_free] | [{name: x, terms: [{term: adversarial, distance: l2, weight: 1, anchor: seed, coefficient: image}]}] | expected fixed",
        "[reg_free] | [{name: x, terms: [{term: adversarial, distance: l3, weight: 1}]}] | terms[0].distance: expected l2 or ms-ssim or ssim, got \"l3\"",
        "[42] | [42]\\njudges: ssim | line 7: judges: expected a list, got a single value",
        "[42] | [42]\\njudges: [lpips] | judges[0]: expected l2 or ms-ssim or ssim, got \"lpips\"",
        "[42] | [42]\\njudges: [{lpips: {trunk: alex}}] | judges[0].lpips: expected a key weights",
        "[42] | [42]\\njudges: [{lpips: {trunk: alexnet, weights: w}}] | expected alex or squeeze or vgg",
        "[42] | [42]\\njudges: [{lpips: {heads: v1, weights: w}}] | expected none or v0.0 or v0.1, got",
        "[42] | [42]\\njudges: [{dists: {vgg16: w}}] | judges[0].dists: expected a key weights",
        "[42] | [42]\\njudges: [{features: {file: f, layers: [], preprocessing: none}}] | expected one or more",
        "[42] | [42]\\njudges: [ssim, ssim] | judges: expected each once",
        "[42] | [42]\\ntests: {3afc: {}} | tests: unknown key \"3afc\", expected 2afc, clustering",
        "[42] | [42]\\ntests: {2afc: {seed: mine}} | tests.2afc.seed: expected a whole number, got",
        "[42] | [42]\\ntests: {2afc: {ties: right}} | tests.2afc.ties: expected aligned or wrong, got",
        "[42] | [42]\\ntests: {clustering: {triples: hard}} | expected random or same-class, got \"hard\"",
        "[42] | [42]\\ntests: {clustering: {triples: []}} | triples: expected groups of classes",
        "[42] | [42]\\ntests: {clustering: {triples: [[a], [a]]}} | each class once, got [[a], [a]]",
        "[42] | [42]\\ntests: {clustering: {repetitions: 0}} | repetitions: expected at least 1, got 0",
        "[42] | [42]\\ntests: {tolerance: 0} | tests: tolerance: expected a distance above 0, got 0.0",
        "cifar10 | cifar10\\n    fakeRelu: true | networks[0].fakeRelu: expected a layer beside it",
        "cifar10 | cifar10\\n    shape: [3, 8] | networks[0].shape: expected channels, height and wi",
        "cifar10 | cifar10\\n    shape: [3, 8, 0] | networks[0].shape: expected sizes of at least 1",
        "cifar10 | cifar10\\n    layer: {a: 0} | networks[0].layer.a: expected a finite weight above",
        "cifar10 | cifar10\\n    layer: [] | networks[0].layer: expected at least one layer",
        "cifar10 | cifar10\\n    layer: [[a]] | expected a single value, got a list"
      })
  void mistake_isToldWithLineFieldAndWhatWasExpected(String text, String by, String told) {
    String description = MINIMAL.replace(text, by.replace("\\n", "\n"));
    IOException e = assertThrows(IOException.class, () -> read(description));
    assertTrue(e.getMessage().contains("study.yaml"), e.getMessage());
    assertTrue(e.getMessage().contains(told), e.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a: &x 1 | line 1: unknown key",
        "networks: &x [1] | line 1: networks: expected no anchors and aliases, got &x",
        "networks: !!java.net.URL [\"file:///x\"] | Global tag is not allowed",
        "!!javax.script.ScriptEngineManager [] | Global tag is not allowed",
        "networks: !x a | networks: expected no tags",
        "networks: *x | line 1: not YAML: found undefined alias x",
        "networks: [ | not YAML",
        "a: b: c | not YAML",
        "--- 1\\n--- 2 | not YAML",
        "`` | got nothing",
        "# nothing | got nothing",
        "just text | expected a group of keys, got a single value",
        "[1, 2] | expected a group of keys, got a list",
        "? [a, b] : 1 | expected a single value, got a group of keys",
        "a\u0007b | not YAML"
      })
  void file_thatIsNoDescription_isRefused(String text, String told) {
    IOException e =
        assertThrows(IOException.class, () -> read(text == null ? "" : text.replace("\\n", "\n")));
    assertTrue(e.getMessage().contains(told), e.getMessage());
  }

  @Test
  void file_ofAliasesThatMultiply_isRefusedAtOnce() {
    StringBuilder text = new StringBuilder("networks: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 30; i++) {
      text.append("k%d: &a%d [".formatted(i, i))
          .append(("*a" + (i - 1) + ", ").repeat(8))
          .append("*a%d]\n".formatted(i - 1));
    }
    assertThrows(IOException.class, () -> read(text.toString()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"[", "{a: ", "- ", "? "})
  void file_thatIsNestedWithoutEnd_isRefused(String opening) {
    assertThrows(IOException.class, () -> read("networks: " + opening.repeat(100_000)));
  }

  @Test
  void file_thatIsTooLong_isRefused() {
    assertThrows(IOException.class, () -> read("# " + "x".repeat(2 << 20)));
  }

  @Test
  void file_thatIsNotUtf8_isRefused() throws IOException {
    Path file = temp.resolve("study.yaml");
    Files.write(file, "seeds: \u00e9".getBytes(StandardCharsets.ISO_8859_1));
    IOException e = assertThrows(IOException.class, () -> Study.read(file));
    assertTrue(e.getMessage().contains("UTF-8"), e.getMessage());
  }

  @Test
  void file_thatIsMissing_isNamed() {
    Path file = temp.resolve("nowhere.yaml");
    IOException e = assertThrows(IOException.class, () -> Study.read(file));
    assertTrue(e.getMessage().contains("nowhere.yaml"), e.getMessage());
  }

  private Study read(String text) throws IOException {
    Path file = temp.resolve("study.yaml");
    Files.writeString(file, text);
    return Study.read(file);
  }
}
