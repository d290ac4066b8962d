package io.metamer.metrics.human;

import io.metamer.metrics.Stimulus;
import io.metamer.metrics.Trial;
import java.awt.image.BufferedImage;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Lays the trials of a study out on screens, adds practice and checks, and writes the pictures
 * under names that say nothing.
 */
final class Layout {

  /** Balanced assignments of places, each with all its rotations. */
  private static final int BASES = 4;

  /** Of a name; two of 30,000 pictures get the same with probability 2e-11. */
  private static final int DIGITS = 16;

  private final HumanStudy study;
  private final Path images;
  private final long seed;
  private final SplittableRandom random;
  private final Map<String, String> pictures = new TreeMap<>();

  private Layout(HumanStudy study, Path images) {
    this.study = study;
    this.images = images;
    seed = study.presentation().seed();
    random = new SplittableRandom(seed);
  }

  static StudyKey of(HumanStudy study, Path images) throws IOException {
    Layout layout = new Layout(study, images);
    List<Phase> phases = new ArrayList<>();
    for (Task task : Task.values()) {
      if (study.sections().stream().anyMatch(section -> section.task() == task)) {
        phases.add(layout.phase(task));
      }
    }
    return StudyKey.of(study, phases, layout.pictures);
  }

  private Phase phase(Task task) throws IOException {
    List<Screen> screens = new ArrayList<>();
    List<Source> sources = new ArrayList<>();
    for (int s = 0; s < study.sections().size(); s++) {
      if (study.sections().get(s).task() == task) {
        for (List<Integer> trials : screens(study.sections().get(s))) {
          screens.add(screen(s, trials));
          sources.add(new Source(s, trials.get(0)));
        }
      }
    }
    int practice = study.presentation().practice();
    int checks = (screens.size() - 1) / study.presentation().checkEvery() + 1;
    List<Source> drawn = shuffled(sources);
    List<Screen> practised = new ArrayList<>();
    for (int i = 0; i < practice; i++) {
      practised.add(easy(task, drawn.get(i % drawn.size()), "practice " + i, true));
    }
    for (int i = 0; i < checks; i++) {
      Source source = drawn.get((practice + i) % drawn.size());
      screens.add(easy(task, source, "check " + i, false));
    }
    screens.sort(Comparator.comparing(Screen::id));
    return new Phase(
        task, practised, screens, task == Task.FORCED_CHOICE ? forms(screens) : List.of());
  }

  /** Where the pictures of practice and checks come from. */
  private record Source(int section, int trial) {}

  /**
   * The numbers of the trials of each screen. A block with several images of one target has several
   * screens: with more rows than checks have, it would tell which are checks.
   */
  private static List<List<Integer>> screens(Section section) {
    Map<List<Integer>, Integer> times = new HashMap<>();
    Map<List<Integer>, List<Integer>> screens = new LinkedHashMap<>();
    for (int i = 0; i < section.trials().size(); i++) {
      Trial trial = section.trials().get(i);
      List<Integer> screen =
          section.task() == Task.CLUSTERING
              ? List.of(
                  trial.block(),
                  times.merge(List.of(trial.block(), trial.correct()), 1, Integer::sum))
              : List.of(i);
      screens.computeIfAbsent(screen, none -> new ArrayList<>()).add(i);
    }
    return List.copyOf(screens.values());
  }

  private Screen screen(int s, List<Integer> trials) throws IOException {
    Section section = study.sections().get(s);
    String where = "section %d screen %d".formatted(s, trials.get(0));
    Map<Stimulus, String> names =
        alternatives(section, section.trials().get(trials.get(0)), where, false);
    List<Screen.Row> rows = new ArrayList<>();
    for (int t : trials) {
      Trial trial = section.trials().get(t);
      BufferedImage query = section.pictures().of(trial.query());
      String correct = required(names, trial.alternatives().get(trial.correct()));
      String place = "%s row %d".formatted(where, t);
      rows.add(new Screen.Row(name("row", place), written(place, query), correct, s, t));
    }
    return screen(where, section.trials().get(trials.get(0)), names, rows);
  }

  /**
   * A screen that whoever looks gets right: each query is one of the alternatives, at half its
   * contrast to practise on.
   */
  private Screen easy(Task task, Source source, String what, boolean faint) throws IOException {
    Section section = study.sections().get(source.section());
    Trial trial = section.trials().get(source.trial());
    String where = "%s %s".formatted(task, what);
    Map<Stimulus, String> names = alternatives(section, trial, where, true);
    List<Stimulus> queries =
        task == Task.CLUSTERING
            ? trial.alternatives()
            : List.of(trial.alternatives().get(trial.correct()));
    List<Screen.Row> rows = new ArrayList<>();
    for (Stimulus query : queries) {
      BufferedImage picture = section.pictures().of(query);
      String place = "%s row %s".formatted(where, query);
      rows.add(
          new Screen.Row(
              name("row", place),
              written(place, faint ? faint(picture) : picture),
              required(names, query),
              Screen.CHECK,
              0));
    }
    return screen(where, trial, names, rows);
  }

  private Screen screen(
      String where, Trial trial, Map<Stimulus, String> names, List<Screen.Row> rows) {
    List<Stimulus> sorted =
        trial.alternatives().stream()
            .sorted(Comparator.comparing(stimulus -> required(names, stimulus)))
            .toList();
    return new Screen(
        name("screen", where),
        sorted.stream().map(stimulus -> required(names, stimulus)).toList(),
        sorted.stream().map(trial.alternatives()::indexOf).toList(),
        rows.stream().sorted(Comparator.comparing(Screen.Row::id)).toList());
  }

  private Map<Stimulus, String> alternatives(
      Section section, Trial trial, String where, boolean again) throws IOException {
    Map<Stimulus, String> names = new HashMap<>();
    for (Stimulus stimulus : trial.alternatives()) {
      // An image gets a name for each screen: what recurs would tell the seed from the targets.
      names.put(
          stimulus,
          written(
              "%s alternative %s%s".formatted(where, stimulus, again ? " again" : ""),
              section.pictures().of(stimulus)));
    }
    return names;
  }

  private static String required(Map<Stimulus, String> names, Stimulus stimulus) {
    String name = names.get(stimulus);
    if (name == null) {
      throw new AssertionError(stimulus + " is an alternative");
    }
    return name;
  }

  /** Opaque: what it names cannot be told without the seed. */
  private String name(String kind, String what) {
    return Digest.of("%d\n%s\n%s".formatted(seed, kind, what)).substring(0, DIGITS);
  }

  /** Writes a picture, and returns its name. */
  private String written(String what, BufferedImage picture) throws IOException {
    String name = name("picture", what);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // In memory: ImageIO's cache of files needs a shutdown hook.
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(bytes)) {
      ImageIO.write(picture, "png", stream);
    }
    Files.write(images.resolve(name + ".png"), bytes.toByteArray());
    pictures.put(name, Digest.of(bytes.toByteArray()));
    return name;
  }

  /** Halfway to gray. */
  private static BufferedImage faint(BufferedImage picture) {
    WritableRaster from = picture.getRaster();
    WritableRaster to = from.createCompatibleWritableRaster();
    for (int y = 0; y < picture.getHeight(); y++) {
      for (int x = 0; x < picture.getWidth(); x++) {
        for (int c = 0; c < from.getNumBands(); c++) {
          to.setSample(x, y, c, (from.getSample(x, y, c) + 128) / 2);
        }
      }
    }
    return new BufferedImage(picture.getColorModel(), to, picture.isAlphaPremultiplied(), null);
  }

  /**
   * Balanced assignments of places: in each, the targets of a section, and those of the checks, are
   * in each place equally often, or once more. With an assignment, all its rotations are forms, so
   * that over forms each target is in each place equally often, and over people, of whom each draws
   * a form, on average.
   */
  private List<String> forms(List<Screen> screens) {
    int k = screens.stream().mapToInt(s -> s.alternatives().size()).max().orElse(0);
    List<String> forms = new ArrayList<>();
    for (int base = 0; base < BASES; base++) {
      int[] places = balanced(screens);
      for (int rotation = 0; rotation < k; rotation++) {
        StringBuilder form = new StringBuilder(screens.size());
        for (int i = 0; i < screens.size(); i++) {
          Screen screen = screens.get(i);
          int here = screen.alternatives().indexOf(screen.rows().get(0).correct());
          form.append(
              (char)
                  ('0' + Math.floorMod(places[i] + rotation - here, screen.alternatives().size())));
        }
        forms.add(form.toString());
      }
    }
    return forms;
  }

  /** A place for the target of each screen. */
  private int[] balanced(List<Screen> screens) {
    Map<Integer, List<Integer>> bySection = new TreeMap<>();
    for (int i = 0; i < screens.size(); i++) {
      bySection
          .computeIfAbsent(screens.get(i).rows().get(0).section(), s -> new ArrayList<>())
          .add(i);
    }
    int[] places = new int[screens.size()];
    for (List<Integer> members : bySection.values()) {
      int n = 0;
      for (int i : shuffled(members)) {
        places[i] = n++ % screens.get(i).alternatives().size();
      }
    }
    return places;
  }

  /** {@link Collections#shuffle} with a generator whose numbers are specified. */
  private <T> List<T> shuffled(List<T> list) {
    List<T> shuffled = new ArrayList<>(list);
    for (int i = shuffled.size() - 1; i > 0; i--) {
      Collections.swap(shuffled, i, random.nextInt(i + 1));
    }
    return shuffled;
  }
}
