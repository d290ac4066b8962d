package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.contract.Close.assertCloseInNorm;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.metamer.image.ImageSpec;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * A small ONNX model from images x to y, whose first axis is the batch.
 *
 * @param name what is special about it
 * @param file the model
 * @param batch how many images it is tried with
 * @param image their shape
 */
record OnnxCase(String name, OnnxFile file, int batch, long[] image) {

  /** Bounds that no value reaches, so that the clamp changes nothing. */
  private static final double BOUND = 100;

  private static final double STEP = 1e-5;

  /** On two images of 3 x 6 x 5, in operator set 13. */
  static OnnxCase model(String name, UnaryOperator<OnnxFile> network) {
    return model(13, name, network);
  }

  static OnnxCase model(int opset, String name, UnaryOperator<OnnxFile> network) {
    return model(opset, name, network, 3, 6, 5);
  }

  static OnnxCase model(int opset, String name, UnaryOperator<OnnxFile> network, long... image) {
    OnnxFile file = network.apply(OnnxFile.ofImages(image).opset(opset)).output("y");
    return new OnnxCase("%s (%d)".formatted(name, opset), file, 2, image);
  }

  /** A model for a fixed count of images. */
  static OnnxCase modelOfBatch(
      int batch, String name, UnaryOperator<OnnxFile> network, long... image) {
    OnnxFile file = network.apply(OnnxFile.ofBatch(batch, image)).output("y");
    return new OnnxCase(name, file, batch, image);
  }

  /** Compares our float with ONNX Runtime's. */
  void assertValues() throws IOException, OrtException {
    INDArray x = images().castTo(DataType.FLOAT);
    INDArray expected = runtime(x);
    try (Taps taps = taps()) {
      INDArray y = taps.forward(x).get(0);
      assertClose(expected.reshape(y.shape()), y, 1e-4, 1e-5);
    }
  }

  /** Compares our gradient with central differences of our own values, in double. */
  void assertGradient() throws IOException {
    INDArray x = images();
    int n = (int) (x.length() / batch);
    try (Taps taps = taps()) {
      INDArray y = taps.forward(x).get(0);
      INDArray cotangent = random(7, y.shape());
      INDArray gradient = taps.backward(List.of(cotangent)).dup('c').reshape(batch, n);
      INDArray differences = Nd4j.zeros(DataType.DOUBLE, batch, n);
      for (int i = 0; i < batch; i++) {
        // All steps of an image are one batch: forward, then backward.
        INDArray steps = Nd4j.vstack(Nd4j.eye(n), Nd4j.eye(n).neg()).castTo(DataType.DOUBLE);
        INDArray image = x.slice(i).dup('c').reshape(1, n);
        INDArray moved = steps.mul(STEP).addi(image.broadcast(2L * n, n));
        INDArray values = taps.forward(moved.reshape(shape(2L * n))).get(0);
        INDArray c = cotangent.slice(i).dup('c').reshape(cotangent.length() / batch, 1);
        INDArray losses = values.dup('c').reshape(2L * n, c.length()).mmul(c).reshape(2, n);
        INDArray difference = losses.getRow(0).sub(losses.getRow(1)).divi(2 * STEP);
        differences.put(
            new INDArrayIndex[] {NDArrayIndex.point(i), NDArrayIndex.all()}, difference);
      }
      assertCloseInNorm(differences, gradient, 1e-6);
    }
  }

  private Taps taps() throws IOException {
    ImageSpec spec = new ImageSpec((int) image[0], (int) image[1], (int) image[2], -BOUND, BOUND);
    return file.read().taps(List.of("y"), spec, Preprocessing.none());
  }

  private long[] shape(long images) {
    return new long[] {images, image[0], image[1], image[2]};
  }

  private INDArray images() {
    return random(1, shape(batch));
  }

  /** Between -2 and 2. */
  private static INDArray random(long seed, long[] shape) {
    int length = (int) Translation.length(shape);
    double[] numbers = new Random(seed).doubles(length, -2, 2).toArray();
    return Nd4j.createFromArray(numbers).reshape('c', shape);
  }

  private INDArray runtime(INDArray x) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.NO_OPT);
      options.setIntraOpNumThreads(1);
      FloatBuffer numbers = FloatBuffer.wrap(x.dup('c').data().asFloat());
      try (OrtSession session = environment.createSession(file.bytes(), options);
          OnnxTensor input = OnnxTensor.createTensor(environment, numbers, shape(batch));
          OrtSession.Result result = session.run(Map.of("x", input))) {
        OnnxTensor y = (OnnxTensor) result.get(0);
        float[] values = new float[y.getFloatBuffer().remaining()];
        y.getFloatBuffer().get(values);
        return Nd4j.createFromArray(values).reshape('c', y.getInfo().getShape());
      }
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
