package io.metamer.model;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.GZIPInputStream;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.jackson.databind.JsonNode;
import org.nd4j.shade.jackson.databind.ObjectMapper;

/** The reference data in the folder that the system property {@code metamer.reference} names. */
final class ReferenceData {

  /** Images in [0, 1] as bytes of their pixels, and their classes. */
  record Split(byte[][] pixels, int[] labels, long[] shape) {

    /** Images {@code from} to {@code to}, shape [n, C, H, W]. */
    INDArray images(int from, int to) {
      float[] x = new float[(to - from) * pixels[0].length];
      for (int i = from; i < to; i++) {
        for (int j = 0; j < pixels[i].length; j++) {
          x[(i - from) * pixels[i].length + j] = (pixels[i][j] & 0xff) / 255f;
        }
      }
      return Nd4j.createFromArray(x).reshape(to - from, shape[0], shape[1], shape[2]);
    }
  }

  private ReferenceData() {}

  static Path folder() {
    return Path.of(
        Objects.requireNonNull(
            System.getProperty("metamer.reference"),
            "set -Dmetamer.reference to the folder of the reference data"));
  }

  static JsonNode manifest(String folder) throws IOException {
    return new ObjectMapper().readTree(folder().resolve(folder).resolve("models.json").toFile());
  }

  static INDArray npy(Path file) {
    return Nd4j.createFromNpyFile(file.toFile());
  }

  static Split cifar10() throws IOException {
    byte[] bytes = Files.readAllBytes(folder().resolve("cifar10/test_batch.bin"));
    int size = 3 * 32 * 32;
    int n = bytes.length / (size + 1);
    byte[][] pixels = new byte[n][];
    int[] labels = new int[n];
    for (int i = 0; i < n; i++) {
      int start = i * (size + 1);
      labels[i] = bytes[start];
      pixels[i] = Arrays.copyOfRange(bytes, start + 1, start + 1 + size);
    }
    return new Split(pixels, labels, new long[] {3, 32, 32});
  }

  /** The test images of MNIST or Fashion-MNIST. */
  static Split idx(String folder) throws IOException {
    byte[] images = gunzip(folder().resolve(folder).resolve("t10k-images-idx3-ubyte.gz"), 16);
    byte[] labels = gunzip(folder().resolve(folder).resolve("t10k-labels-idx1-ubyte.gz"), 8);
    byte[][] pixels = new byte[labels.length][];
    Arrays.setAll(pixels, i -> Arrays.copyOfRange(images, i * 784, (i + 1) * 784));
    int[] classes = new int[labels.length];
    Arrays.setAll(classes, i -> labels[i]);
    return new Split(pixels, classes, new long[] {1, 28, 28});
  }

  private static byte[] gunzip(Path file, int header) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        DataInputStream in = new DataInputStream(new GZIPInputStream(bytes))) {
      in.readFully(new byte[header]);
      return in.readAllBytes();
    }
  }
}
