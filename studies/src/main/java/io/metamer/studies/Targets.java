package io.metamer.studies;

import io.metamer.image.ImageSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The images whose representations a study matches.
 *
 * <p>Their order is that of the files' names or of the file; shuffled, each position is drawn from
 * those left, so that the first ones do not depend on the count: a study whose count is raised
 * keeps its chunks.
 *
 * @param format what the path is
 * @param path a folder, or a file
 * @param labels the file of labels beside IDX images, which gives them names; none is needed
 * @param count how many of the first ones in order; all where it is not given
 * @param shuffle the seed of a random order, or none
 * @since 0.1
 */
public record Targets(
    Format format,
    Path path,
    Optional<Path> labels,
    Optional<Integer> count,
    Optional<Long> shuffle) {

  /** The kinds of files that hold images. */
  public enum Format {
    /** A folder of PNG and JPEG files, fitted to the network as {@code Images.read} does. */
    FOLDER,
    /** A file of CIFAR-10's binary version: a label, and 3 x 32 x 32 bytes, of each image. */
    CIFAR10,
    /** Images as MNIST has them, of one byte a pixel, as they are or compressed by gzip. */
    IDX
  }

  public Targets {
    path = path.toAbsolutePath().normalize();
    labels = labels.map(file -> file.toAbsolutePath().normalize());
    if (labels.isPresent() && format != Format.IDX) {
      throw new IllegalArgumentException("labels: expected beside a file of IDX images only");
    }
    if (count.isPresent() && count.get() < 1) {
      throw new IllegalArgumentException("count: expected at least 1 image, got " + count.get());
    }
  }

  /**
   * The images of a folder, named after their files.
   *
   * @param folder of PNG and JPEG files and nothing else
   * @return all of them, by name
   */
  public static Targets folder(Path folder) {
    return new Targets(Format.FOLDER, folder, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * The images of CIFAR-10, named after their number and class.
   *
   * @param file such as {@code test_batch.bin}
   * @return all of them, as the file has them
   */
  public static Targets cifar10(Path file) {
    return new Targets(Format.CIFAR10, file, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * Images as MNIST has them, named after their number and label.
   *
   * @param images such as {@code t10k-images-idx3-ubyte}, or the same with {@code .gz}
   * @param labels such as {@code t10k-labels-idx1-ubyte}
   * @return all of them, as the file has them
   */
  public static Targets idx(Path images, Path labels) {
    return new Targets(Format.IDX, images, Optional.of(labels), Optional.empty(), Optional.empty());
  }

  /**
   * The first ones in order.
   *
   * @param count how many, at least 1
   * @return the copy
   * @throws IllegalArgumentException if below 1
   */
  public Targets first(int count) {
    return new Targets(format, path, labels, Optional.of(count), shuffle);
  }

  /**
   * In a random order.
   *
   * @param seed which order
   * @return the copy
   */
  public Targets shuffled(long seed) {
    return new Targets(format, path, labels, count, Optional.of(seed));
  }

  /**
   * Reads all of them.
   *
   * @param spec what the images look like; those of a folder are fitted to it
   * @return shape {@code [N, C, H, W]}; the caller's
   * @throws IOException if a file cannot be read, or is not what the format says
   * @throws IllegalArgumentException if they are of another size, and not files of a folder
   */
  public INDArray read(ImageSpec spec) throws IOException {
    TargetFiles files = TargetFiles.of(this);
    return files.read(0, files.names().size(), spec);
  }
}
