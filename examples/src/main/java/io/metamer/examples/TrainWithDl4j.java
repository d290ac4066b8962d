package io.metamer.examples;

import java.io.DataInputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Trains a small network on Fashion-MNIST with DL4J, in some minutes on two cores: what a JVM
 * team's own network looks like before Metamer gets it.
 *
 * <p>Arguments, all optional: the folder of the four IDX files ({@code
 * /usr/share/datasets/fashion-mnist} of Debian's package dataset-fashion-mnist), the file to write
 * ({@code fashion_dl4j.zip}), the number of epochs.
 *
 * @since 0.1
 */
public final class TrainWithDl4j {

  private static final int SIZE = 28;
  private static final int CLASSES = 10;
  private static final int BATCH = 64;
  private static final int EPOCHS = 4;
  private static final long SEED = 2024;

  /** The learning rate of the first epoch; each further one takes a third of the one before. */
  private static final double LEARNING_RATE = 2e-3;

  /** Images as bytes and their classes. */
  private record Split(byte[][] images, int[] labels) {}

  private TrainWithDl4j() {}

  /**
   * Trains, tests and writes the network.
   *
   * @param args folder of the data, file to write, number of epochs
   * @throws IOException if the data cannot be read or the network not be written
   */
  public static void main(String[] args) throws IOException {
    Path data = Path.of(args.length > 0 ? args[0] : "/usr/share/datasets/fashion-mnist");
    File file = new File(args.length > 1 ? args[1] : "fashion_dl4j.zip");
    int epochs = args.length > 2 ? Integer.parseInt(args[2]) : EPOCHS;
    Split train = split(data, "train");
    Split test = split(data, "t10k");
    MultiLayerNetwork network = new MultiLayerNetwork(architecture());
    network.init();
    System.out.printf(Locale.ROOT, "%d parameters%n", network.numParams());
    long start = System.nanoTime();
    double rate = LEARNING_RATE;
    for (int epoch = 1; epoch <= epochs; epoch++, rate /= 3) {
      network.setLearningRate(rate);
      train(network, train, new Random(SEED + epoch));
      System.out.printf(
          Locale.ROOT,
          "epoch %d of %d: test accuracy %.4f, %.0f s%n",
          epoch,
          epochs,
          accuracy(network, test),
          (System.nanoTime() - start) / 1e9);
    }
    ModelSerializer.writeModel(network, file, false);
    System.out.printf(Locale.ROOT, "wrote %s, %d bytes%n", file, file.length());
  }

  /** Three convolutions and two dense layers, 1.5 million multiplications an image. */
  private static MultiLayerConfiguration architecture() {
    return new NeuralNetConfiguration.Builder()
        .seed(SEED)
        .weightInit(WeightInit.RELU)
        .updater(new Adam(LEARNING_RATE))
        .convolutionMode(ConvolutionMode.Same)
        .list()
        .layer(convolution("conv1", 16, 5, 2))
        .layer(new BatchNormalization.Builder().name("norm1").build())
        .layer(convolution("conv2", 32, 3, 1))
        .layer(
            new SubsamplingLayer.Builder(SubsamplingLayer.PoolingType.MAX)
                .name("pool2")
                .kernelSize(2, 2)
                .stride(2, 2)
                .build())
        .layer(convolution("conv3", 32, 3, 1))
        .layer(
            new DenseLayer.Builder().name("features").nOut(64).activation(Activation.RELU).build())
        .layer(
            new OutputLayer.Builder(LossFunction.MCXENT)
                .name("classes")
                .nOut(CLASSES)
                .activation(Activation.SOFTMAX)
                .build())
        .setInputType(InputType.convolutional(SIZE, SIZE, 1))
        .build();
  }

  private static ConvolutionLayer convolution(String name, int filters, int kernel, int stride) {
    return new ConvolutionLayer.Builder(kernel, kernel)
        .name(name)
        .nOut(filters)
        .stride(stride, stride)
        .activation(Activation.RELU)
        .build();
  }

  /** One pass over the images in a random order. */
  private static void train(MultiLayerNetwork network, Split split, Random random) {
    List<Integer> order =
        IntStream.range(0, split.images.length).boxed().collect(Collectors.toList());
    Collections.shuffle(order, random);
    for (int from = 0; from + BATCH <= order.size(); from += BATCH) {
      int[] rows = order.subList(from, from + BATCH).stream().mapToInt(Integer::intValue).toArray();
      network.fit(images(split, rows), labels(split, rows));
    }
  }

  private static double accuracy(MultiLayerNetwork network, Split split) {
    int right = 0;
    for (int from = 0; from < split.images.length; from += 500) {
      int[] rows = IntStream.range(from, Math.min(from + 500, split.images.length)).toArray();
      int[] predicted = network.output(images(split, rows)).argMax(1).toIntVector();
      for (int i = 0; i < rows.length; i++) {
        right += predicted[i] == split.labels[rows[i]] ? 1 : 0;
      }
    }
    return (double) right / split.images.length;
  }

  /** A batch of images, values in [0, 1]. */
  private static INDArray images(Split split, int[] rows) {
    float[] pixels = new float[rows.length * SIZE * SIZE];
    for (int i = 0; i < rows.length; i++) {
      byte[] image = split.images[rows[i]];
      for (int j = 0; j < image.length; j++) {
        pixels[i * image.length + j] = (image[j] & 0xff) / 255f;
      }
    }
    return Nd4j.createFromArray(pixels).reshape(rows.length, 1, SIZE, SIZE);
  }

  private static INDArray labels(Split split, int[] rows) {
    float[][] oneHot = new float[rows.length][CLASSES];
    for (int i = 0; i < rows.length; i++) {
      oneHot[i][split.labels[rows[i]]] = 1;
    }
    return Nd4j.createFromArray(oneHot);
  }

  private static Split split(Path folder, String name) throws IOException {
    byte[] pixels = idx(folder.resolve(name + "-images-idx3-ubyte.gz"), 3);
    byte[] labels = idx(folder.resolve(name + "-labels-idx1-ubyte.gz"), 1);
    byte[][] images = new byte[labels.length][];
    Arrays.setAll(images, i -> Arrays.copyOfRange(pixels, i * SIZE * SIZE, (i + 1) * SIZE * SIZE));
    int[] classes = new int[labels.length];
    Arrays.setAll(classes, i -> labels[i]);
    return new Split(images, classes);
  }

  /** The bytes of a gzipped IDX file after its header: a magic number and one size an axis. */
  private static byte[] idx(Path file, int axes) throws IOException {
    try (InputStream bytes = Files.newInputStream(file);
        DataInputStream in = new DataInputStream(new GZIPInputStream(bytes))) {
      int magic = in.readInt();
      if (magic != 0x800 + axes) {
        throw new IOException(
            "expected an IDX file of bytes with %d axes, got magic number %d in %s"
                .formatted(axes, magic, file));
      }
      int length = 1;
      for (int i = 0; i < axes; i++) {
        length *= in.readInt();
      }
      byte[] result = new byte[length];
      in.readFully(result);
      return result;
    }
  }
}
