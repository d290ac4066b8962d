package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import io.metamer.model.Network;
import io.metamer.model.OnnxNetwork;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.nd4j.linalg.api.ndarray.INDArray;

/** What comes with the examples: images, networks, and the files of the report. */
final class Bundled {

  /** What the bundled networks take. */
  static final ImageSpec SPEC = ImageSpec.gray(28);

  private Bundled() {}

  static String version() {
    try {
      return text("version.txt").strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String text(String name) throws IOException {
    try (InputStream stream = open(name)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static Network network(String name) throws IOException {
    try (InputStream stream = open("networks/" + name + ".onnx")) {
      return OnnxNetwork.read(stream, name);
    }
  }

  /**
   * Test images of Fashion-MNIST, evenly from all classes: the first of each class, then the second
   * of each, and so on until there are enough; class by class.
   *
   * @param n how many
   * @return names of files
   */
  static List<String> images(int n) throws IOException {
    Map<String, Deque<String>> classes = new TreeMap<>();
    for (String file : text("images.txt").lines().toList()) {
      String label = file.substring(file.indexOf('_') + 1);
      classes.computeIfAbsent(label, c -> new ArrayDeque<>()).add(file);
    }
    Map<String, List<String>> chosen = new TreeMap<>();
    int left = n;
    while (left > 0 && classes.values().stream().anyMatch(files -> !files.isEmpty())) {
      for (Map.Entry<String, Deque<String>> entry : classes.entrySet()) {
        if (left > 0 && !entry.getValue().isEmpty()) {
          chosen
              .computeIfAbsent(entry.getKey(), c -> new ArrayList<>())
              .add(entry.getValue().remove());
          left--;
        }
      }
    }
    return chosen.values().stream().flatMap(List::stream).toList();
  }

  /** Reads bundled images, whether they lie in a folder or in a jar. */
  static INDArray read(List<String> names, ImageSpec spec) throws IOException {
    Path folder = Files.createTempDirectory("metamer-images");
    List<Path> files = new ArrayList<>();
    try {
      for (String name : names) {
        Path file = folder.resolve(name);
        files.add(file);
        try (InputStream stream = open("images/" + name)) {
          Files.copy(stream, file);
        }
      }
      return Images.read(files, spec);
    } finally {
      for (Path file : files) {
        Files.deleteIfExists(file);
      }
      Files.delete(folder);
    }
  }

  private static InputStream open(String name) throws IOException {
    InputStream stream = Bundled.class.getResourceAsStream(name);
    if (stream == null) {
      throw new FileNotFoundException("missing from the program's own files: " + name);
    }
    return stream;
  }
}
