package io.metamer.model;

import static io.metamer.contract.Close.assertClose;
import static io.metamer.model.Messages.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.ValueInfoProto;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.shade.protobuf.ByteString;

/** Each operator on constants against ONNX Runtime. */
final class OnnxConstantsTest {

  private static final int FLOAT = 1;
  private static final int INT8 = 3;
  private static final int INT32 = 6;
  private static final int INT64 = 7;
  private static final int BOOL = 9;
  private static final int DOUBLE = 11;

  /** A node of constants only. */
  private record Case(NodeProto.Builder node, List<@Nullable TensorProto> inputs, int opset) {

    Case with(String attribute, long number) {
      return with(
          AttributeProto.newBuilder()
              .setName(attribute)
              .setI(number)
              .setType(AttributeProto.AttributeType.INT));
    }

    Case with(String attribute, double number) {
      return with(
          AttributeProto.newBuilder()
              .setName(attribute)
              .setF((float) number)
              .setType(AttributeProto.AttributeType.FLOAT));
    }

    Case with(String attribute, String text) {
      return with(
          AttributeProto.newBuilder()
              .setName(attribute)
              .setS(ByteString.copyFromUtf8(text))
              .setType(AttributeProto.AttributeType.STRING));
    }

    Case with(String attribute, long[] numbers) {
      AttributeProto.Builder a =
          AttributeProto.newBuilder().setName(attribute).setType(AttributeProto.AttributeType.INTS);
      Arrays.stream(numbers).forEach(a::addInts);
      return with(a);
    }

    Case with(String attribute, TensorProto tensor) {
      return with(
          AttributeProto.newBuilder()
              .setName(attribute)
              .setT(tensor)
              .setType(AttributeProto.AttributeType.TENSOR));
    }

    Case with(AttributeProto.Builder attribute) {
      node.addAttribute(attribute);
      return this;
    }

    Case outputs(int count) {
      for (int i = node.getOutputCount(); i < count; i++) {
        node.addOutput("y" + i);
      }
      return this;
    }

    Case opset(int version) {
      return new Case(node, inputs, version);
    }

    List<INDArray> fold() {
      List<@Nullable INDArray> arrays = new ArrayList<>();
      OnnxNode folded = new OnnxNode("small", node.build(), opset);
      for (TensorProto input : inputs) {
        arrays.add(input == null ? null : OnnxTensors.attribute(folded, input));
      }
      return new OnnxConstants(0).fold(folded, arrays);
    }

    byte[] model() {
      GraphProto.Builder graph = GraphProto.newBuilder().setName("g").addNode(node);
      for (int i = 0; i < inputs.size(); i++) {
        TensorProto input = inputs.get(i);
        if (input != null) {
          graph.addInitializer(input.toBuilder().setName("x" + i));
        }
      }
      for (String output : node.getOutputList()) {
        graph.addOutput(ValueInfoProto.newBuilder().setName(output));
      }
      return ModelProto.newBuilder()
          .setIrVersion(8)
          .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
          .setGraph(graph)
          .build()
          .toByteArray();
    }

    @Override
    public String toString() {
      String attributes =
          node.getAttributeList().stream()
              .map(AttributeProto::getName)
              .collect(Collectors.joining(", "));
      return "%s(%s) of %s, version %d"
          .formatted(
              node.getOpType(),
              attributes,
              inputs.stream().map(t -> t == null ? "nothing" : t.getDimsList()).toList(),
              opset);
    }
  }

  private static Case given(String operator, @Nullable TensorProto... inputs) {
    NodeProto.Builder node =
        NodeProto.newBuilder().setOpType(operator).setName("the node").addOutput("y");
    for (int i = 0; i < inputs.length; i++) {
      node.addInput(inputs[i] == null ? "" : "x" + i);
    }
    return new Case(node, Arrays.asList(inputs), 17);
  }

  private static long[] list(long... numbers) {
    return numbers;
  }

  private static TensorProto tensor(int type, long[] shape, double... numbers) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(type);
    Arrays.stream(shape).forEach(tensor::addDims);
    for (double v : numbers) {
      switch (type) {
        case FLOAT -> tensor.addFloatData((float) v);
        case DOUBLE -> tensor.addDoubleData(v);
        case INT64 -> tensor.addInt64Data((long) v);
        default -> tensor.addInt32Data((int) v);
      }
    }
    return tensor.build();
  }

  /** Whole numbers in a vector. */
  private static TensorProto vector(long... numbers) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder().setDataType(INT64).addDims(numbers.length);
    Arrays.stream(numbers).forEach(tensor::addInt64Data);
    return tensor.build();
  }

  private static TensorProto scalar(int type, double number) {
    return tensor(type, new long[0], number);
  }

  /** Numbers between -2 and 2 that are not whole. */
  private static TensorProto fractions(long... shape) {
    return filled(FLOAT, shape, 0.25, 4);
  }

  /** Whole numbers between -9 and 9 but zero. */
  private static TensorProto positive(long count) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(1).addDims(count);
    for (int i = 0; i < count; i++) {
      tensor.addFloatData(0.5f + i);
    }
    return tensor.build();
  }

  private static TensorProto wholes(long... shape) {
    return filled(INT64, shape, 1, 18);
  }

  private static TensorProto flags(long... shape) {
    return filled(BOOL, shape, 0.6, 1);
  }

  private static TensorProto filled(int type, long[] shape, double offset, int range) {
    double[] numbers = new double[(int) OnnxTensors.length(shape)];
    for (int i = 0; i < numbers.length; i++) {
      double v = (i * 0.618 + offset) % 1 * range - range / 2.0;
      numbers[i] =
          switch (type) {
            case BOOL -> v > 0 ? 1 : 0;
            case FLOAT -> v;
            default -> v < 0 ? Math.floor(v) : Math.ceil(v);
          };
    }
    return tensor(type, shape, numbers);
  }

  private static Stream<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (String operator : List.of("Add", "Sub", "Mul", "Div", "Max", "Min")) {
      cases.add(given(operator, fractions(2, 3), fractions(2, 3)));
      cases.add(given(operator, fractions(2, 1, 3), fractions(4, 1)));
      cases.add(given(operator, wholes(3), wholes(2, 1)));
    }
    cases.add(given("Add", vector(1L << 60), vector(1)));
    cases.add(given("Div", vector(-7, 7, (1L << 60) + 1), vector(2, -2, 1)));
    cases.add(given("Div", tensor(INT32, list(2), -7, 9), tensor(INT32, list(2), 2, 4)));
    cases.add(given("Mul", vector(), vector(3)));
    for (String operator : List.of("Sum", "Mean", "Max", "Min")) {
      cases.add(given(operator, fractions(2, 3), fractions(3), fractions(2, 1)));
      cases.add(given(operator, fractions(2, 3)));
    }
    for (String operator : List.of("And", "Or", "Xor")) {
      cases.add(given(operator, flags(2, 4), tensor(BOOL, list(4), 0, 1, 0, 1)));
    }
    for (String operator : List.of("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")) {
      cases.add(given(operator, wholes(4, 5), wholes(5)));
      cases.add(
          given(
              operator,
              tensor(FLOAT, list(5), 0, -0.0, 1, 2, Float.NaN),
              tensor(FLOAT, list(5), -0.0, 0, 2, 1, 1)));
      cases.add(given(operator, vector((1L << 60) + 1), vector(1L << 60)));
    }
    cases.add(given("Not", flags(5)));
    for (String operator : List.of("Abs", "Neg", "Sign")) {
      cases.add(given(operator, fractions(2, 3)));
      cases.add(given(operator, wholes(6)));
    }
    for (String operator :
        List.of(
            "Ceil",
            "Cos",
            "Exp",
            "Floor",
            "Reciprocal",
            "Relu",
            "Sigmoid",
            "Sin",
            "Softplus",
            "Tanh")) {
      cases.add(given(operator, fractions(3, 4)));
    }
    cases.add(given("Round", tensor(FLOAT, list(6), 0.5, 1.5, -2.5, -0.2, 2.6, 3)));
    cases.add(given("Log", tensor(FLOAT, list(2), 0.5, 8)));
    cases.add(given("Sqrt", tensor(DOUBLE, list(2), 0.5, 8)));
    cases.add(given("IsNaN", tensor(FLOAT, list(3), 0, Float.NaN, 1)));
    cases.add(given("Mod", wholes(6), vector(3)));
    cases.add(given("Mod", wholes(6), vector(-3)));
    cases.add(given("Mod", wholes(6), vector(4)).with("fmod", 1));
    cases.add(given("Mod", fractions(6), scalar(FLOAT, 0.75)).with("fmod", 1));
    cases.add(given("Pow", fractions(2, 3), scalar(FLOAT, 2)));
    cases.add(given("Pow", wholes(6), vector(3)));
    cases.add(given("Pow", tensor(FLOAT, list(2), 4, 9), scalar(INT64, 2)));
    cases.add(given("Clip", fractions(6), scalar(FLOAT, -1), scalar(FLOAT, 0.5)));
    cases.add(given("Clip", fractions(6), null, scalar(FLOAT, 0.5)));
    cases.add(given("Clip", fractions(6)).with("min", -0.5).with("max", 1.0).opset(10));
    cases.add(given("Clip", wholes(6), scalar(INT64, -3), scalar(INT64, 4)));
    for (int type : new int[] {FLOAT, INT8, INT32, INT64, BOOL, DOUBLE}) {
      cases.add(given("Cast", fractions(2, 3)).with("to", type));
      cases.add(given("Cast", wholes(2, 3)).with("to", type));
      cases.add(given("Cast", flags(4)).with("to", type));
    }
    cases.add(given("Cast", vector((1L << 60) + 1)).with("to", INT64));
    cases.add(given("CastLike", wholes(3), fractions(1)));
    cases.add(
        given(
            "DequantizeLinear",
            filled(INT8, list(2, 3), 0.1, 200),
            tensor(FLOAT, list(3), 0.5, 0.25, 2),
            tensor(INT8, list(3), 1, -2, 3)));
    cases.add(given("DequantizeLinear", filled(INT8, list(2, 3), 0.1, 200), scalar(FLOAT, 0.5)));
    for (String operator :
        List.of(
            "ReduceSum",
            "ReduceProd",
            "ReduceMax",
            "ReduceMin",
            "ReduceMean",
            "ReduceL1",
            "ReduceL2",
            "ReduceSumSquare")) {
      cases.add(given(operator, fractions(2, 3, 4), vector(0, -1)).opset(18));
      cases.add(given(operator, fractions(2, 3, 4)).opset(18));
      cases.add(given(operator, fractions(2, 3, 4), vector(1)).with("keepdims", 0).opset(18));
      cases.add(given(operator, fractions(2, 3)).with("noop_with_empty_axes", 1).opset(18));
      cases.add(given(operator, fractions(2, 3, 4)).with("axes", list(1, 2)).opset(11));
    }
    for (String operator : List.of("ReduceSum", "ReduceProd", "ReduceMax", "ReduceMin")) {
      cases.add(given(operator, vector(3, -5, 1001)).with("keepdims", 0).opset(18));
    }
    cases.add(given("ReduceMean", tensor(INT32, list(3), 3, -5, 9)).opset(18));
    for (String operator : List.of("ArgMax", "ArgMin")) {
      cases.add(given(operator, fractions(3, 4)).with("axis", 1));
      cases.add(given(operator, fractions(3, 4)).with("keepdims", 0));
      cases.add(given(operator, tensor(FLOAT, list(4), 1, 2, 1, 2)).with("select_last_index", 1));
    }
    cases.add(given("CumSum", fractions(3, 4), scalar(INT64, 1)));
    cases.add(given("CumSum", wholes(3, 4), scalar(INT64, -2)).with("exclusive", 1));
    cases.add(given("CumSum", fractions(3, 4), scalar(INT64, 0)).with("reverse", 1));
    cases.add(given("MatMul", fractions(2, 3), fractions(3, 4)));
    cases.add(given("MatMul", fractions(2, 1, 2, 3), fractions(5, 3, 4)));
    cases.add(given("MatMul", fractions(3), fractions(3, 4)));
    cases.add(given("MatMul", fractions(2, 2, 3), fractions(3)));
    cases.add(given("MatMul", fractions(3), fractions(3)));
    cases.add(given("MatMul", wholes(2, 3), wholes(3, 2)));
    cases.add(
        given("Gemm", fractions(3, 2), fractions(4, 3), fractions(4))
            .with("transA", 1)
            .with("transB", 1)
            .with("alpha", 0.5)
            .with("beta", 2.0));
    cases.add(given("Gemm", fractions(2, 3), fractions(3, 4)));
    cases.add(
        given(
            "BatchNormalization",
            fractions(2, 3, 4),
            fractions(3),
            fractions(3),
            fractions(3),
            positive(3)));
    cases.add(given("Softmax", fractions(2, 3, 4)).with("axis", 1));
    cases.add(given("Softmax", fractions(2, 3, 4)).opset(11));
    for (long mode = 0; mode < 2; mode++) {
      Case c =
          given(
              "BatchNormalization",
              fractions(2, 3, 4, 2),
              fractions(3),
              fractions(3),
              fractions(3),
              tensor(FLOAT, list(3), 1, 2, 3));
      cases.add(c.with("training_mode", mode).outputs(mode == 0 ? 1 : 3));
    }
    cases.add(given("Shape", fractions(2, 3, 4)));
    cases.add(given("Shape", fractions(2, 3, 4)).with("start", -2).with("end", 9));
    cases.add(given("Size", fractions(2, 3, 4)));
    cases.add(given("Concat", fractions(2, 1, 3), fractions(2, 2, 3)).with("axis", 1));
    cases.add(given("Concat", vector(1), vector(), vector(2, 3)).with("axis", -1));
    cases.add(given("Split", fractions(2, 6)).with("axis", 1).outputs(3));
    cases.add(given("Split", wholes(5), vector(2, 3)).outputs(2));
    cases.add(given("Split", wholes(5)).with("split", list(4, 1)).outputs(2).opset(11));
    cases.add(given("Split", wholes(7)).with("num_outputs", 3).outputs(3).opset(18));
    cases.add(given("Slice", fractions(4, 5), vector(1), vector(3)));
    cases.add(
        given("Slice", fractions(4, 5), vector(-1), vector(Long.MIN_VALUE), vector(1), vector(-2)));
    cases.add(
        given("Slice", fractions(4, 5), vector(0, -3), vector(Long.MAX_VALUE, -1), vector(0, 1)));
    cases.add(given("Slice", fractions(4), vector(3), vector(1)));
    cases.add(
        given("Slice", fractions(4, 5)).with("starts", list(1)).with("ends", list(-1)).opset(9));
    cases.add(given("Gather", fractions(4, 3), scalar(INT64, -1)));
    cases.add(
        given("Gather", fractions(2, 4, 3), tensor(INT32, list(2, 2), 0, 3, -4, 1))
            .with("axis", 1));
    cases.add(given("Gather", vector(5, (1L << 60) + 1), vector(1)));
    cases.add(
        given("GatherElements", fractions(3, 4), tensor(INT64, list(2, 2), 0, -1, 3, 2))
            .with("axis", 1));
    cases.add(given("GatherND", fractions(3, 4, 2), tensor(INT64, list(2, 2), 0, -1, 2, 3)));
    cases.add(given("GatherND", fractions(3, 4), tensor(INT64, list(2, 1, 2), 0, 1, 2, 3)));
    cases.add(
        given("ScatterND", fractions(4, 3), tensor(INT64, list(2, 1), 3, 1), fractions(2, 3)));
    cases.add(given("NonZero", flags(3, 4)));
    cases.add(given("NonZero", fractions(4)));
    cases.add(given("OneHot", vector(1, -1, 7), scalar(INT64, 3), tensor(FLOAT, list(2), -1, 5)));
    cases.add(given("OneHot", wholes(2, 2), scalar(INT64, 9), vector(0, 1)).with("axis", 1));
    cases.add(given("Pad", fractions(2, 3), vector(1, 0, 0, 2), scalar(FLOAT, 0.5)));
    cases.add(given("Pad", fractions(4, 3), vector(-1, 1, 0, -1)));
    cases.add(given("Pad", fractions(4, 3), vector(2, 1, 3, 2)).with("mode", "reflect"));
    cases.add(given("Pad", fractions(4, 3), vector(2, 1, 3, 2)).with("mode", "edge"));
    cases.add(
        given("Pad", fractions(4, 3), vector(2, 2), null, vector(-1))
            .with("mode", "wrap")
            .opset(19));
    cases.add(given("Range", scalar(INT64, 7), scalar(INT64, -4), scalar(INT64, -3)));
    cases.add(given("Range", scalar(FLOAT, 0.5), scalar(FLOAT, 3), scalar(FLOAT, 0.5)));
    cases.add(given("Range", scalar(INT64, 7), scalar(INT64, 7), scalar(INT64, 1)));
    cases.add(given("EyeLike", fractions(3, 4)).with("k", 1).with("dtype", INT64));
    cases.add(given("EyeLike", fractions(3, 4)));
    cases.add(given("Transpose", fractions(2, 3, 4)));
    cases.add(given("Transpose", wholes(2, 3, 4)).with("perm", list(1, 2, 0)));
    cases.add(given("Tile", fractions(2, 3), vector(2, 3)));
    cases.add(given("Tile", fractions(2, 3), vector(0, 1)));
    cases.add(given("Trilu", fractions(2, 3, 4)));
    cases.add(given("Trilu", wholes(4, 3), scalar(INT64, -1)).with("upper", 0));
    cases.add(given("Where", flags(2, 1), fractions(3), scalar(FLOAT, -7)));
    cases.add(given("Expand", fractions(3, 1), vector(2, 1, 4)));
    cases.add(given("Expand", scalar(INT64, 4), vector(3)));
    cases.add(given("Constant").with("value", fractions(2, 3)));
    cases.add(given("Constant").with("value_int", 5));
    cases.add(given("Constant").with("value_ints", list(5, (1L << 60) + 1)));
    cases.add(given("Constant").with("value_float", 0.1));
    cases.add(
        given("Constant")
            .with(
                AttributeProto.newBuilder()
                    .setName("value_floats")
                    .addFloats(0.1f)
                    .addFloats(2)
                    .setType(AttributeProto.AttributeType.FLOATS)));
    cases.add(given("ConstantOfShape", vector(2, 3)));
    cases.add(given("ConstantOfShape", vector(2, 0)).with("value", vector(4)));
    cases.add(given("ConstantOfShape", vector(2, 3)).with("value", vector((1L << 60) + 1)));
    cases.add(given("ConstantOfShape", vector(3)).with("value", tensor(BOOL, list(1), 1)));
    cases.add(given("ConstantOfShape", vector(3)).with("value", tensor(FLOAT, list(1), 0.1)));
    cases.add(given("ConstantOfShape", vector()).with("value", vector((1L << 60) + 1)));
    cases.add(given("Identity", fractions(2, 3)));
    cases.add(given("Dropout", fractions(2, 3)));
    cases.add(given("Flatten", fractions(2, 3, 4)).with("axis", 2));
    cases.add(given("Flatten", fractions(2, 3, 4)).with("axis", 0));
    cases.add(given("Reshape", fractions(2, 3, 4), vector(0, -1)));
    cases.add(given("Reshape", wholes(1), vector()));
    cases.add(given("Reshape", fractions(2, 0), vector(0, 3)).with("allowzero", 1));
    cases.add(given("Squeeze", fractions(1, 3, 1), vector(-1)));
    cases.add(given("Squeeze", fractions(1, 3, 1)));
    cases.add(given("Squeeze", fractions(1, 3, 1)).with("axes", list(0)).opset(11));
    cases.add(given("Unsqueeze", wholes(3), vector(0, -1)));
    cases.add(given("Unsqueeze", scalar(INT64, 3)).with("axes", list(0)).opset(11));
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fold_ofAnOperator_agreesWithOnnxRuntime(Case c) throws OrtException {
    List<INDArray> folded = c.fold();
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    try (OrtSession session = environment.createSession(c.model());
        OrtSession.Result results = session.run(Map.of())) {
      assertEquals(results.size(), folded.size());
      for (int i = 0; i < folded.size(); i++) {
        assertSame(results.get(i), folded.get(i));
      }
    }
  }

  private static void assertSame(OnnxValue expected, INDArray actual) {
    TensorInfo info = (TensorInfo) expected.getInfo();
    assertArrayEquals(info.getShape(), actual.shape());
    DataType type =
        switch (info.type) {
          case FLOAT -> DataType.FLOAT;
          case DOUBLE -> DataType.DOUBLE;
          case INT8 -> DataType.INT8;
          case INT32 -> DataType.INT32;
          case INT64 -> DataType.INT64;
          case BOOL -> DataType.BOOL;
          default -> throw new AssertionError(info.type);
        };
    assertEquals(type, actual.dataType());
    OnnxTensor tensor = (OnnxTensor) expected;
    if (type.isFPType()) {
      double[] numbers = new double[(int) actual.length()];
      Arrays.setAll(
          numbers,
          i ->
              type == DataType.FLOAT
                  ? tensor.getFloatBuffer().get(i)
                  : tensor.getDoubleBuffer().get(i));
      if (numbers.length > 0) {
        assertClose(
            Nd4j.createFromArray(numbers),
            Nd4j.createFromArray(OnnxTensors.doubles(actual)),
            1e-6,
            1e-6);
      }
    } else {
      long[] numbers = new long[(int) actual.length()];
      Arrays.setAll(
          numbers,
          i ->
              switch (type) {
                case LONG -> tensor.getLongBuffer().get(i);
                case INT -> tensor.getIntBuffer().get(i);
                default -> tensor.getByteBuffer().get(i);
              });
      assertArrayEquals(numbers, OnnxTensors.longs(actual));
    }
  }

  @Test
  void batchNormalization_ofOldFilesThatTrains_takesTheStatisticsOfItsInput() {
    TensorProto x = tensor(FLOAT, list(1, 1, 4), 1, 2, 3, 6);
    TensorProto one = tensor(FLOAT, list(1), 1);
    Case c = given("BatchNormalization", x, one, one, one, one).with("epsilon", 0.0).outputs(5);
    List<INDArray> folded = c.opset(11).fold();
    assertClose(
        Nd4j.createFromArray(-2, -1, 0, 3).castTo(DataType.DOUBLE).div(Math.sqrt(3.5)).addi(1),
        folded.get(0).castTo(DataType.DOUBLE).reshape(4),
        1e-6,
        1e-6);
    assertEquals(5, folded.size());
  }

  @Test
  void reductions_ofWholeNumbers_areExact() {
    Case sum = given("ReduceSum", vector(3, -5, (1L << 60) + 1)).with("keepdims", 0);
    Case largest = given("ReduceMax", vector(3, -5, (1L << 60) + 1)).with("keepdims", 0);
    assertArrayEquals(list((1L << 60) - 1), OnnxTensors.longs(sum.fold().get(0)));
    assertArrayEquals(list((1L << 60) + 1), OnnxTensors.longs(largest.fold().get(0)));
  }

  static Stream<Arguments> refusals() {
    TensorProto huge = vector(1 << 20, 1 << 20);
    return Stream.of(
        Arguments.of(given("ConstantOfShape", huge), "make 1099511627776 numbers"),
        Arguments.of(given("ConstantOfShape", vector(-1)), "a tensor of [-1]"),
        Arguments.of(
            given("ConstantOfShape", vector(2)).with("value", vector(1, 2)), "supported is one"),
        Arguments.of(given("Expand", fractions(1, 1), huge), "there is room for"),
        Arguments.of(given("Tile", fractions(1, 1), huge), "there is room for"),
        Arguments.of(given("Tile", fractions(1, 1), vector(-1, 2)), "repeats [-1, 2]"),
        Arguments.of(given("Pad", fractions(1), vector(1 << 30, 1 << 30)), "there is room for"),
        Arguments.of(given("Pad", fractions(1), vector(1)), "1 pads of 1 axes"),
        Arguments.of(given("Pad", fractions(1), vector(-1, -1)), "an axis of length -1"),
        Arguments.of(
            given("Pad", fractions(2), vector(2, 0)).with("mode", "reflect"), "index 2 of an axis"),
        Arguments.of(given("Pad", fractions(2), vector(2, 0)).with("mode", "odd"), "mode odd"),
        Arguments.of(
            given("Range", scalar(INT64, 0), scalar(INT64, 1L << 40), scalar(INT64, 1)),
            "there is room"),
        Arguments.of(
            given("Range", scalar(INT64, 0), scalar(INT64, 9), scalar(INT64, 0)), "a step of 0"),
        Arguments.of(
            given("Range", scalar(FLOAT, 0), scalar(FLOAT, Float.NaN), scalar(FLOAT, 1)),
            "there is room"),
        Arguments.of(
            given("Range", scalar(INT64, Long.MIN_VALUE), scalar(INT64, 9), scalar(INT64, 1)),
            "overflow"),
        Arguments.of(
            given("OneHot", vector(1), scalar(INT64, 1L << 40), vector(0, 1)), "there is room"),
        Arguments.of(given("OneHot", vector(1), scalar(INT64, 4), vector(0)), "1 values"),
        Arguments.of(
            given("MatMul", filled(FLOAT, list(8192, 8), 0, 1), filled(FLOAT, list(8, 8192), 0, 1)),
            "there is room"),
        Arguments.of(given("MatMul", fractions(2, 3), fractions(2, 3)), "do not fit"),
        Arguments.of(given("MatMul", fractions(), fractions(2, 3)), "without axes"),
        Arguments.of(given("Gemm", fractions(2), fractions(2, 3)), "no matrices"),
        Arguments.of(given("Add", fractions(2), fractions(3)), "of shapes [2] and [3]"),
        Arguments.of(given("Add", fractions(2), wholes(2)), "of types FLOAT and LONG"),
        Arguments.of(given("Add", fractions(2), null), "its input 1 is missing"),
        Arguments.of(given("And", wholes(2), wholes(2)), "of type LONG"),
        Arguments.of(given("Exp", wholes(2)), "of type LONG"),
        Arguments.of(given("Div", wholes(2), vector(0)), "/ by zero"),
        Arguments.of(given("ReduceMean", vector()), "/ by zero"),
        Arguments.of(
            given("ReduceSum", fractions(2, 3), vector(2)).opset(18), "axis 2 of a constant of 2"),
        Arguments.of(given("Clip", fractions(2), fractions(2)), "its input 1 has 2 numbers"),
        Arguments.of(given("Cast", fractions(2)).with("to", 8), "to type number 8"),
        Arguments.of(given("Cast", tensor(13, list(0))).with("to", 1), "uint64"),
        Arguments.of(
            given("DequantizeLinear", wholes(2, 3), fractions(2)), "its scales have shape [2]"),
        Arguments.of(given("Gather", fractions(2, 3), vector(2)), "index 2 of an axis of length 2"),
        Arguments.of(
            given("GatherElements", fractions(2, 3), wholes(3, 3)).with("axis", 1), "do not fit"),
        Arguments.of(given("GatherND", fractions(2, 3), wholes(1, 3)), "indices of shape [1, 3]"),
        Arguments.of(
            given("ScatterND", fractions(2, 3), vector(0), fractions(2)), "updates of shape [2]"),
        Arguments.of(
            given("Slice", fractions(2), vector(0), vector(1), vector(0), vector(0)),
            "a step of 0"),
        Arguments.of(given("Slice", fractions(2), vector(0), vector(1, 2)), "1 starts, 2 ends"),
        Arguments.of(given("Split", wholes(3), vector(1, 1)).outputs(2), "an axis of length 3"),
        Arguments.of(given("Concat", fractions(2, 3), fractions(2)), "do not fit"),
        Arguments.of(given("Transpose", fractions(2, 3)).with("perm", list(0, 0)), "are no order"),
        Arguments.of(
            given("Transpose", fractions(2, 3)).with("perm", list(0, 1, 2)), "of a constant of 2"),
        Arguments.of(given("Trilu", fractions(2)), "no matrix"),
        Arguments.of(given("EyeLike", fractions(2)), "no matrix"),
        Arguments.of(given("Where", wholes(2), fractions(2), fractions(2)), "of types LONG, FLOAT"),
        Arguments.of(given("Reshape", fractions(6), vector(-2, -3)), "shapes of as many elements"),
        Arguments.of(given("Reshape", fractions(6), vector(-1, -1)), "shapes of as many elements"),
        Arguments.of(given("Reshape", fractions(6), vector(4, -1)), "shapes of as many elements"),
        Arguments.of(given("Squeeze", fractions(2, 1), vector(0)), "axis 0 of [2, 1] is not 1"),
        Arguments.of(given("Unsqueeze", fractions(2), vector(0, 0)), "name one twice"),
        Arguments.of(
            given(
                "Unsqueeze",
                fractions(2),
                tensor(INT64, list(32), LongStream.range(0, 32).asDoubleStream().toArray())),
            "33 axes"),
        Arguments.of(
            given(
                "BatchNormalization",
                fractions(2, 3),
                fractions(3),
                fractions(3),
                fractions(3),
                fractions(2)),
            "with 2 numbers for each channel"),
        Arguments.of(given("Identity"), "its input 0 is missing"),
        Arguments.of(given("Constant"), "supported are the attributes value"),
        Arguments.of(given("Constant").with("value_string", "a"), "got [value_string]"),
        Arguments.of(given("Constant").with("value", tensor(8, list(0))), "type STRING"),
        Arguments.of(
            given("Constant").with("value", tensor(FLOAT, list(2), 1)),
            "shape [2] and 1.0 numbers"),
        Arguments.of(given("RandomNormal"), "not on constants only"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void fold_ofWhatCannotBe_namesTheNodeAndSaysWhy(Case c, String reason) {
    assertRefused(
        UnsupportedModelException.class,
        c::fold,
        "network small: node the node, operator " + c.node().getOpType(),
        reason);
  }

  @Test
  void fold_ofAnotherDomainsOperator_isRefused() {
    Case c = given("Add", fractions(2), fractions(2));
    c.node().setDomain("com.microsoft");
    assertRefused(UnsupportedModelException.class, c::fold, "com.microsoft.Add");
  }

  @Test
  void room_isForAllConstantsTogether() {
    OnnxConstants folding = new OnnxConstants(0);
    Case c = given("Expand", fractions(1), vector(9 << 20));
    OnnxNode node = new OnnxNode("small", c.node().build(), 17);
    List<@Nullable INDArray> inputs = new ArrayList<>();
    c.inputs().forEach(t -> inputs.add(OnnxTensors.attribute(node, Objects.requireNonNull(t))));
    folding.fold(node, inputs);
    assertRefused(
        UnsupportedModelException.class, () -> folding.fold(node, inputs), "there is room for");
    assertEquals(9 << 20, new OnnxConstants(4 << 20).fold(node, inputs).get(0).length());
  }

  @Test
  void cases_areOfEveryOperatorThatIsFolded() {
    Set<String> tried = new TreeSet<>();
    cases().forEach(c -> tried.add(c.node().getOpType()));
    assertEquals(new TreeSet<>(OnnxConstants.names()), tried);
  }
}
