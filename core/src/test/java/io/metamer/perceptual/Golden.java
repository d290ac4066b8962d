package io.metamer.perceptual;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Numbers of the scripts in golden/perceptual, and the images that they made up. */
final class Golden {

  /** Two images and their scores, as published: 1 for the same image. */
  record Pair(INDArray a, INDArray b, double downsampled, double multiScale) {}

  private Golden() {}

  /** The lines of a file that are no comments. */
  static List<String> lines(String file) throws IOException {
    try (InputStream in =
            Objects.requireNonNull(Golden.class.getResourceAsStream("/golden/perceptual/" + file));
        BufferedReader reader =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return reader.lines().filter(line -> !line.startsWith("#")).toList();
    }
  }

  /** Those of similarity.py. */
  static List<Pair> pairs() throws IOException {
    List<Pair> pairs = new ArrayList<>();
    for (String line : lines("similarity.txt")) {
      String[] field = line.split(" ", -1);
      int[] shape = {
        Integer.parseInt(field[0]), Integer.parseInt(field[1]), Integer.parseInt(field[2])
      };
      double[] a = new double[shape[0] * shape[1] * shape[2]];
      double[] b = new double[a.length];
      fill(a, b, shape, Integer.parseInt(field[3]));
      pairs.add(
          new Pair(
              images(a, shape),
              images(b, shape),
              Double.parseDouble(field[4]),
              Double.parseDouble(field[5])));
    }
    return pairs;
  }

  private static void fill(double[] a, double[] b, int[] shape, int pair) {
    int next = 0;
    for (int c = 0; c < shape[0]; c++) {
      for (int i = 0; i < shape[1]; i++) {
        for (int j = 0; j < shape[2]; j++) {
          double noise = ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255.0 - 0.5;
          double other = ((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255.0 - 0.5;
          double wave = (3 * i + 2 * j) / 15.0 + c;
          double chirp = 0.15 * Math.sin(i * j / 700.0);
          double x = 0.5 + 0.25 * Math.sin(wave) + chirp + 0.1 * noise;
          a[next] = x;
          b[next] =
              switch (pair) {
                case 0 -> 0.5 + 0.2 * Math.sin(wave + 0.3) + chirp;
                case 1 -> 0.6 * x + 0.3;
                case 2 -> 1 - x;
                default -> x + 0.1 * other;
              };
          next++;
        }
      }
    }
  }

  private static INDArray images(double[] pixels, int[] shape) {
    return Nd4j.createFromArray(pixels)
        .castTo(DataType.DOUBLE)
        .reshape(1, shape[0], shape[1], shape[2]);
  }
}
