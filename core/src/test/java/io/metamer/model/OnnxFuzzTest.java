package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.metamer.image.ImageSpec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.FunctionProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.Descriptors.EnumValueDescriptor;
import org.nd4j.shade.protobuf.Descriptors.FieldDescriptor;
import org.nd4j.shade.protobuf.Message;

/** Damaged files: what happens is what the documentation says, and soon. */
final class OnnxFuzzTest {

  private static final int OF_BYTES = 900;
  private static final int OF_FIELDS = 600;
  private static final double MOST_SECONDS = 2;
  private static final long MOST_ACTIVATIONS = 1 << 20;
  private static final ImageSpec IMAGES = new ImageSpec(2, 6, 6, 0, 1);

  @TempDir private static Path folder = Path.of("");

  /** Small networks of images of 2 x 6 x 6. */
  private enum Seed {
    CLASSIFIER {
      @Override
      OnnxFile file() {
        return images()
            .constant("w1", new long[] {3, 2, 3, 3}, numbers(54))
            .constant("b1", new long[] {3}, 0.5, 0.25, 1)
            .node("Conv", "conv", "x", "w1", "b1")
            .with("pads", 1, 1, 1, 1)
            .with("strides", 2, 2)
            .node("Relu", "relu", "conv")
            .node("MaxPool", "pool", "relu")
            .with("kernel_shape", 2, 2)
            .node("Flatten", "features", "pool")
            .constant("w2", new long[] {4, 12}, numbers(48))
            .constant("b2", new long[] {4}, 1, 2, 3, 4)
            .node("Gemm", "logits", "features", "w2", "b2")
            .with("transB", 1)
            .output("logits");
      }
    },
    SHAPES {
      @Override
      OnnxFile file() {
        return images()
            .node("Shape", "shape", "x")
            .integers("zero", 0)
            .integers("one", 1)
            .integers("all", -1)
            .integers("four", 4)
            .node("Gather", "batch", "shape", "zero")
            .node("Concat", "flat", "batch", "all")
            .with("axis", 0)
            .node("Slice", "rows", "shape", "one", "four")
            .node("ReduceProd", "product", "rows")
            .node("ConstantOfShape", "zeros", "rows")
            .node("Expand", "expanded", "zeros", "rows")
            .node("Add", "sum", "x", "expanded")
            .node("Range", "range", "zero", "four", "one")
            .node("Reshape", "features", "sum", "flat")
            .constant("w", new long[] {72, 2}, numbers(144))
            .node("MatMul", "logits", "features", "w")
            .output("logits");
      }
    },
    HALVES {
      @Override
      OnnxFile file() {
        TensorProto.Builder w =
            TensorProto.newBuilder().setName("w").setDataType(10).addDims(2).addDims(2);
        w.addDims(1)
            .addDims(1)
            .setRawData(ByteString.copyFrom(new byte[] {0, 60, 0, 62, 0, 52, 1, 60}));
        return images()
            .constant(w.build())
            .node("Conv", "conv", "x", "w")
            .node("Sigmoid", "gate", "conv")
            .node("Mul", "gated", "conv", "gate")
            .node("GlobalAveragePool", "logits", "gated")
            .output("logits");
      }
    },
    CONSTANTS {
      @Override
      OnnxFile file() {
        return images()
            .node("Constant", "pads")
            .with("value_ints", 0, 0, 1, 1, 0, 0, 1, 1)
            .node("Pad", "padded", "x", "pads")
            .node("AveragePool", "pooled", "padded")
            .with("kernel_shape", 2, 2)
            .node("Constant", "scale")
            .with(
                AttributeProto.newBuilder()
                    .setName("value")
                    .setType(AttributeProto.AttributeType.TENSOR)
                    .setT(
                        TensorProto.newBuilder()
                            .setDataType(1)
                            .addDims(2)
                            .addDims(1)
                            .addDims(1)
                            .addFloatData(2)
                            .addFloatData(3)))
            .node("Tanh", "squashed", "scale")
            .node("Mul", "scaled", "pooled", "squashed")
            .node("ReduceMean", "mean", "scaled")
            .with("axes", 2, 3)
            .with("keepdims", 0)
            .node("Softmax", "logits", "mean")
            .output("logits");
      }
    },
    RESIDUAL {
      @Override
      OnnxFile file() {
        return images()
            .constant("gamma", new long[] {2}, 1, 2)
            .constant("beta", new long[] {2}, 0, 1)
            .constant("mean", new long[] {2}, 0.5, 0.25)
            .constant("variance", new long[] {2}, 1, 4)
            .node("BatchNormalization", "normal", "x", "gamma", "beta", "mean", "variance")
            .node("Elu", "elu", "normal")
            .node("Concat", "both", "elu", "x")
            .with("axis", 1)
            .constant("w", new long[] {2, 2, 3, 3}, numbers(36))
            .node("Conv", "grouped", "both", "w")
            .with("group", 2)
            .with("dilations", 2, 2)
            .with("pads", 2, 2, 2, 2)
            .node("Add", "sum", "grouped", "x")
            .node("Clip", "clipped", "sum")
            .node("GlobalMaxPool", "pool", "clipped")
            .node("Dropout", "dropped", "pool")
            .integers("axes", 2, 3)
            .node("Squeeze", "logits", "dropped", "axes")
            .output("logits");
      }
    },
    FUNCTION {
      @Override
      OnnxFile file() {
        return images().node("twice", "logits", "x").domain("my.ops").output("logits");
      }

      @Override
      byte[] bytes() throws IOException {
        NodeProto.Builder add = NodeProto.newBuilder().setOpType("Add").addOutput("y");
        FunctionProto.Builder twice =
            FunctionProto.newBuilder().setName("twice").setDomain("my.ops").addInput("a");
        twice.addOutput("y").addNode(add.addInput("a").addInput("a"));
        return ModelProto.parseFrom(super.bytes()).toBuilder()
            .addFunctions(twice)
            .build()
            .toByteArray();
      }
    },
    OUTSIDE {
      @Override
      OnnxFile file() {
        TensorProto.Builder w =
            TensorProto.newBuilder()
                .setName("w")
                .setDataType(1)
                .addDims(2)
                .addDims(2)
                .addDims(1)
                .addDims(1)
                .setDataLocation(TensorProto.DataLocation.EXTERNAL);
        String[] entries = {"location", "weights.bin", "offset", "16", "length", "16"};
        for (int i = 0; i < entries.length; i += 2) {
          w.addExternalData(
              StringStringEntryProto.newBuilder().setKey(entries[i]).setValue(entries[i + 1]));
        }
        return images()
            .constant(w.build())
            .node("Conv", "conv", "x", "w")
            .node("LeakyRelu", "relu", "conv")
            .node("GlobalAveragePool", "pool", "relu")
            .node("Flatten", "logits", "pool")
            .output("logits");
      }
    };

    abstract OnnxFile file();

    byte[] bytes() throws IOException {
      return file().bytes();
    }

    private static OnnxFile images() {
      return OnnxFile.ofImages(2, 6, 6);
    }

    private static double[] numbers(int count) {
      return IntStream.range(0, count).mapToDouble(i -> (i * 0.618) % 1 - 0.5).toArray();
    }
  }

  @ParameterizedTest
  @EnumSource
  void load_ofAWholeFile_works(Seed seed) throws IOException {
    assertEquals(null, outcome(seed, seed.bytes()));
  }

  @ParameterizedTest
  @EnumSource
  void load_ofMutatedBytes_throwsWhatIsDocumentedAndSoon(Seed seed) throws IOException {
    check(seed, Mutations.of(seed.bytes(), OF_BYTES, seed.name().hashCode()));
  }

  @ParameterizedTest
  @EnumSource
  void load_ofMutatedFields_throwsWhatIsDocumentedAndSoon(Seed seed) throws IOException {
    ModelProto model = ModelProto.parseFrom(seed.bytes());
    check(
        seed,
        IntStream.range(0, OF_FIELDS).mapToObj(i -> mutated(model, seed.name().hashCode(), i)));
  }

  @ParameterizedTest
  @EnumSource
  void load_ofAFileCutAnywhere_isRefused(Seed seed) throws IOException {
    byte[] whole = seed.bytes();
    for (int length = 0; length < whole.length; length += 64) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertTrue(outcome(seed, cut) instanceof IOException, () -> "cut at " + cut.length);
    }
  }

  private static void check(Seed seed, Stream<byte[]> files) {
    Map<String, String> failures = new TreeMap<>();
    files.forEach(
        bytes -> {
          long start = System.nanoTime();
          Throwable thrown = outcome(seed, bytes);
          double seconds = (System.nanoTime() - start) / 1e9;
          boolean documented =
              thrown == null
                  || thrown instanceof IOException
                  || thrown instanceof UnsupportedModelException
                  || thrown.getClass() == IllegalArgumentException.class;
          if (!documented || seconds > MOST_SECONDS) {
            String where =
                thrown == null
                    ? ""
                    : Stream.of(thrown.getStackTrace())
                        .filter(frame -> frame.getClassName().startsWith("io.metamer"))
                        .limit(3)
                        .toList()
                        .toString();
            failures.put(
                (documented ? "" : thrown) + where + (seconds > MOST_SECONDS ? " too slow" : ""),
                Base64.getEncoder().encodeToString(bytes));
          }
        });
    assertEquals(Map.of(), failures);
  }

  /** What reading a file, listing its layers and representing an image throws. */
  private static Throwable outcome(Seed seed, byte[] bytes) {
    try {
      Network network;
      if (seed == Seed.OUTSIDE) {
        Files.write(folder.resolve("weights.bin"), new byte[40]);
        network = OnnxNetwork.load(Files.write(folder.resolve("net.onnx"), bytes));
      } else {
        network = OnnxNetwork.read(new ByteArrayInputStream(bytes), "net");
      }
      long activations =
          network.layers(IMAGES).stream()
              .mapToLong(layer -> OnnxTensors.length(layer.shape()))
              .reduce(
                  0,
                  (a, b) -> Math.min(MOST_ACTIVATIONS + 1, a + Math.min(b, MOST_ACTIVATIONS + 1)));
      if (activations <= MOST_ACTIVATIONS) {
        try (RepresentationModel model = network.at("logits", IMAGES, Preprocessing.none());
            INDArray images = Nd4j.zeros(1, 2, 6, 6);
            INDArray representation = model.represent(images)) {
          assertEquals(1, representation.size(0));
        }
      }
      return null;
    } catch (Throwable e) {
      return e;
    }
  }

  /** A model with some of its fields changed: numbers, names, what is there and how often. */
  private static byte[] mutated(ModelProto model, long seed, int index) {
    RandomGenerator random = new SplittableRandom(1_000 * seed + index);
    ModelProto.Builder builder = model.toBuilder();
    int edits = 1 + random.nextInt(3);
    for (int i = 0; i < edits; i++) {
      List<Message.Builder> all = new ArrayList<>();
      collect(builder, all);
      List<String> names = new ArrayList<>(List.of("", "x", "\0", "Loop", "If", "nobody"));
      for (NodeProto node : builder.getGraph().getNodeList()) {
        names.addAll(node.getOutputList());
        names.addAll(node.getInputList());
        names.add(node.getOpType());
      }
      Message.Builder message = all.get(random.nextInt(all.size()));
      List<FieldDescriptor> fields = List.copyOf(message.getAllFields().keySet());
      if (!fields.isEmpty()) {
        change(message, fields.get(random.nextInt(fields.size())), names, random);
      }
    }
    return builder.build().toByteArray();
  }

  private static void collect(Message.Builder message, List<Message.Builder> all) {
    all.add(message);
    for (FieldDescriptor field : message.getAllFields().keySet()) {
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        if (field.isRepeated()) {
          for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
            collect(message.getRepeatedFieldBuilder(field, i), all);
          }
        } else {
          collect(message.getFieldBuilder(field), all);
        }
      }
    }
  }

  private static void change(
      Message.Builder message, FieldDescriptor field, List<String> names, RandomGenerator random) {
    if (!field.isRepeated()) {
      if (random.nextInt(6) == 0 || field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        message.clearField(field);
      } else {
        message.setField(field, other(field, names, random));
      }
      return;
    }
    List<Object> values = new ArrayList<>((List<?>) message.getField(field));
    int at = random.nextInt(values.size());
    boolean whole = field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    switch (random.nextInt(whole ? 3 : 6)) {
      case 0 -> values.remove(at);
      case 1 -> values.add(at, values.get(random.nextInt(values.size())));
      case 2 -> values.add(values.remove(at));
      default -> values.set(at, other(field, names, random));
    }
    message.setField(field, values);
  }

  private static Object other(FieldDescriptor field, List<String> names, RandomGenerator random) {
    long[] numbers = {0, 1, -1, 2, 3, 5, 7, 1 << 16, Integer.MAX_VALUE, 1L << 40, Long.MIN_VALUE};
    long number = numbers[random.nextInt(numbers.length)];
    return switch (field.getJavaType()) {
      case INT -> (int) number;
      case LONG -> number;
      case FLOAT -> random.nextBoolean() ? Float.NaN : (float) number;
      case DOUBLE -> (double) number;
      case BOOLEAN -> number > 0;
      case STRING -> names.get(random.nextInt(names.size()));
      case BYTE_STRING -> ByteString.copyFrom(new byte[random.nextInt(64)]);
      case ENUM -> {
        List<EnumValueDescriptor> values = field.getEnumType().getValues();
        yield values.get(random.nextInt(values.size()));
      }
      case MESSAGE -> throw new UncheckedIOException(new IOException("no value of " + field));
    };
  }
}
