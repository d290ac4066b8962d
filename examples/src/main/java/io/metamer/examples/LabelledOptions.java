package io.metamer.examples;

import io.metamer.image.ImageSpec;
import io.metamer.studies.LabelledImages;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where images with their classes are, as options of a command. */
final class LabelledOptions {

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DATA",
      description =
          "A folder with a folder for each class, CIFAR-10's binary version (test_batch.bin), or IDX"
              + " images (t10k-images-idx3-ubyte, .gz).")
  private Path data = Path.of("");

  @Option(
      names = "--labels",
      paramLabel = "FILE",
      description =
          "The labels of IDX images. Default: the file beside them, labels-idx1 for images-idx3.")
  private @Nullable Path labels;

  @Option(
      names = "--classes",
      paramLabel = "FILE",
      description =
          "The names of the network's classes in its order, one a line, for folders of classes."
              + " Default: the folders, sorted by name.")
  private @Nullable Path classes;

  @Option(
      names = "--count",
      paramLabel = "N",
      description =
          "How many of the images: the first ones, of folders the first ones of each class in turn."
              + " Default: all.")
  private @Nullable Integer count;

  Path path() {
    return data;
  }

  LabelledImages read(ImageSpec spec) throws IOException {
    if (!Files.exists(data)) {
      throw new NoSuchFileException(data.toString());
    }
    if (count != null && count < 1) {
      throw new BadInput("--count %d: expected at least 1 image.".formatted(count));
    }
    boolean folder = Files.isDirectory(data);
    if (classes != null && !folder) {
      throw new BadInput(
          "--classes: expected beside a folder of folders; %s is a file, whose classes are numbers."
              .formatted(data));
    }
    boolean idx = !folder && LabelledImages.isIdx(data);
    if (labels != null && !idx) {
      throw new BadInput(
          "--labels: expected beside IDX images only; %s holds the classes itself."
              .formatted(data));
    }
    Optional<Integer> most = Optional.ofNullable(count);
    if (folder) {
      return LabelledImages.folders(data, names(), most, spec);
    }
    return idx
        ? LabelledImages.idx(data, labels(), most, spec)
        : LabelledImages.cifar10(data, most, spec);
  }

  private Optional<List<String>> names() throws IOException {
    if (classes == null) {
      return Optional.empty();
    }
    List<String> lines =
        Files.readAllLines(classes).stream().map(String::strip).filter(s -> !s.isEmpty()).toList();
    return Optional.of(lines);
  }

  private Path labels() {
    if (labels != null) {
      return labels;
    }
    return LabelledImages.labelsBeside(data)
        .orElseThrow(
            () ->
                new BadInput(
                    "%s has no labels beside it: give --labels, such as t10k-labels-idx1-ubyte.gz."
                        .formatted(data)));
  }
}
