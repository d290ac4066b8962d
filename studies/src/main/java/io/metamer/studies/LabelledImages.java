package io.metamer.studies;

import io.metamer.image.ImageSpec;
import io.metamer.image.Images;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.ZipException;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Images whose classes are known.
 *
 * @param names one for each image, as its file has it, or after its number and class
 * @param images shape {@code [N, C, H, W]}, FLOAT, in [0, 1]; the caller's
 * @param labels the class of each, counted from 0
 * @param classes the names of the classes, as far as they are known
 * @since 0.1
 */
public record LabelledImages(
    List<String> names, INDArray images, int[] labels, List<String> classes) {

  public LabelledImages {
    names = List.copyOf(names);
    labels = labels.clone();
    classes = List.copyOf(classes);
    if (labels.length != images.size(0) || names.size() != labels.length) {
      throw new IllegalArgumentException(
          "expected a name and a label of each of %d images, got %d and %d"
              .formatted(images.size(0), names.size(), labels.length));
    }
  }

  /**
   * The class of each image.
   *
   * @return counted from 0; a copy
   */
  @Override
  public int[] labels() {
    return labels.clone();
  }

  /**
   * Images of CIFAR-10.
   *
   * @param file of the binary version, such as {@code test_batch.bin}
   * @param count how many of the first ones; all where it is not given
   * @param spec what the images are to look like
   * @return the images, with the names of the ten classes
   * @throws IOException if the file cannot be read, or is something else
   * @throws IllegalArgumentException if there are fewer images, or they look otherwise
   */
  public static LabelledImages cifar10(Path file, Optional<Integer> count, ImageSpec spec)
      throws IOException {
    return read(
        new Targets(Targets.Format.CIFAR10, file, Optional.empty(), count, Optional.empty()),
        TargetFiles.CIFAR10,
        spec);
  }

  /**
   * Images as MNIST has them.
   *
   * @param file such as {@code t10k-images-idx3-ubyte}, or the same with {@code .gz}
   * @param labels such as {@code t10k-labels-idx1-ubyte}, likewise
   * @param count how many of the first ones; all where it is not given
   * @param spec what the images are to look like
   * @return the images; their classes have no names
   * @throws IOException if a file cannot be read, or is something else
   * @throws IllegalArgumentException if there are fewer images, or they look otherwise
   */
  public static LabelledImages idx(Path file, Path labels, Optional<Integer> count, ImageSpec spec)
      throws IOException {
    return read(
        new Targets(Targets.Format.IDX, file, Optional.of(labels), count, Optional.empty()),
        List.of(),
        spec);
  }

  private static LabelledImages read(Targets targets, List<String> classes, ImageSpec spec)
      throws IOException {
    TargetFiles files = TargetFiles.of(targets);
    return new LabelledImages(
        files.names(), files.read(0, files.names().size(), spec), files.labels(), classes);
  }

  /**
   * Images in a folder for each class, fitted to the network as {@link Images#read} does.
   *
   * @param folder of folders that are named after classes and hold PNG and JPEG files
   * @param classes all classes of the network in its order, of which the folders may be some; by
   *     default the folders, sorted by name
   * @param count how many images, one of each class in turn, by name; all where it is not given
   * @param spec what the images are to look like
   * @return the images, class by class in turn
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if the folder holds anything but folders of images, if a
   *     folder has the name of no class, a class is named twice, or there are fewer images
   */
  public static LabelledImages folders(
      Path folder, Optional<List<String>> classes, Optional<Integer> count, ImageSpec spec)
      throws IOException {
    List<Path> folders;
    try (Stream<Path> entries = Files.list(folder)) {
      folders =
          entries
              .filter(entry -> !name(entry).startsWith("."))
              .sorted(Comparator.comparing(LabelledImages::name))
              .toList();
    }
    for (Path entry : folders) {
      if (!Files.isDirectory(entry)) {
        throw new IllegalArgumentException(
            "expected a folder for each class and nothing else in %s, found %s"
                .formatted(folder, name(entry)));
      }
    }
    if (folders.isEmpty()) {
      throw new IllegalArgumentException(
          "expected a folder for each class in %s, found none".formatted(folder));
    }
    List<String> names =
        classes.orElseGet(() -> folders.stream().map(LabelledImages::name).toList());
    if (new HashSet<>(names).size() < names.size()) {
      throw new IllegalArgumentException("expected the name of each class once, got " + names);
    }
    List<List<Path>> images = new ArrayList<>();
    for (Path entry : folders) {
      if (!names.contains(name(entry))) {
        throw new IllegalArgumentException(
            "%s: expected the name of one of the %d classes".formatted(entry, names.size()));
      }
      images.add(Images.files(entry));
    }
    int all = images.stream().mapToInt(List::size).sum();
    int n = count.orElse(all);
    if (n < 1 || n > all) {
      throw new IllegalArgumentException(
          "%s: expected a count from 1 to its %d images, got %d".formatted(folder, all, n));
    }
    List<Path> files = new ArrayList<>();
    int[] labels = new int[n];
    for (int turn = 0; files.size() < n; turn++) {
      for (int k = 0; k < images.size() && files.size() < n; k++) {
        if (turn < images.get(k).size()) {
          labels[files.size()] = names.indexOf(name(folders.get(k)));
          files.add(images.get(k).get(turn));
        }
      }
    }
    return new LabelledImages(
        files.stream().map(file -> folder.relativize(file).toString()).toList(),
        Images.read(files, spec),
        labels,
        names);
  }

  /**
   * Whether a file holds images as MNIST has them, compressed or not.
   *
   * @param file any file
   * @return whether it starts as they do
   * @throws IOException if it cannot be read
   */
  public static boolean isIdx(Path file) throws IOException {
    try (DataInputStream stream = TargetFiles.open(file)) {
      return stream.readInt() == TargetFiles.IDX_IMAGES;
    } catch (EOFException | ZipException e) {
      return false;
    }
  }

  /**
   * The labels beside images as MNIST has them: the file of the same name with {@code labels-idx1}
   * for {@code images-idx3}, compressed or not.
   *
   * @param images such as {@code t10k-images-idx3-ubyte.gz}
   * @return the file, or nothing where there is none
   */
  public static Optional<Path> labelsBeside(Path images) {
    String bare = name(images).replaceFirst("\\.gz$", "");
    String labels = bare.replaceFirst("images([-.])idx3", "labels$1idx1");
    return labels.equals(bare)
        ? Optional.empty()
        : Stream.of(labels, labels + ".gz")
            .map(images::resolveSibling)
            .filter(Files::isRegularFile)
            .findFirst();
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }
}
