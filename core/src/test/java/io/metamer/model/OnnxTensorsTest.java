package io.metamer.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.Stream;
import onnx.Onnx.TensorProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.shade.protobuf.ByteString;

final class OnnxTensorsTest {

  private static TensorProto.Builder of(int type) {
    return TensorProto.newBuilder().setDataType(type).addDims(2);
  }

  private static ByteString raw(int width, long... numbers) {
    ByteBuffer bytes = ByteBuffer.allocate(width * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
    for (long v : numbers) {
      switch (width) {
        case 1 -> bytes.put((byte) v);
        case 2 -> bytes.putShort((short) v);
        case 4 -> bytes.putInt((int) v);
        default -> bytes.putLong(v);
      }
    }
    return ByteString.copyFrom(bytes.array());
  }

  private static Stream<Arguments> tensors() {
    int one = Float.floatToIntBits(1.5f);
    long two = Double.doubleToLongBits(-2.25);
    return Stream.of(
        tensor(DataType.FLOAT, of(1).addFloatData(1.5f).addFloatData(0), raw(4, one, 0), 1.5, 0),
        tensor(DataType.UINT8, of(2).addInt32Data(200).addInt32Data(1), raw(1, 200, 1), 200, 1),
        tensor(DataType.INT8, of(3).addInt32Data(-2).addInt32Data(1), raw(1, -2, 1), -2, 1),
        tensor(DataType.UINT16, of(4).addInt32Data(65535).addInt32Data(1), raw(2, -1, 1), 65535, 1),
        tensor(DataType.INT16, of(5).addInt32Data(-300).addInt32Data(1), raw(2, -300, 1), -300, 1),
        tensor(
            DataType.INT32, of(6).addInt32Data(-70000).addInt32Data(1), raw(4, -70000, 1), -7e4, 1),
        tensor(DataType.INT64, of(7).addInt64Data(-5).addInt64Data(1), raw(8, -5, 1), -5, 1),
        tensor(DataType.BOOL, of(9).addInt32Data(1).addInt32Data(0), raw(1, 255, 0), 1, 0),
        tensor(
            DataType.FLOAT, of(10).addInt32Data(0x3e00).addInt32Data(0), raw(2, 0x3e00, 0), 1.5, 0),
        tensor(
            DataType.DOUBLE,
            of(11).addDoubleData(-2.25).addDoubleData(0),
            raw(8, two, 0),
            -2.25,
            0),
        tensor(
            DataType.UINT32,
            of(12).addUint64Data(1L << 31).addUint64Data(1),
            raw(4, 1L << 31, 1),
            1L << 31,
            1),
        tensor(DataType.UINT64, of(13).addUint64Data(7).addUint64Data(1), raw(8, 7, 1), 7, 1),
        tensor(
            DataType.FLOAT,
            of(16).addInt32Data(0x3fc0).addInt32Data(0),
            raw(2, 0x3fc0, 0),
            1.5,
            0));
  }

  private static Arguments tensor(
      DataType type, TensorProto.Builder typed, ByteString raw, double... numbers) {
    TensorProto other = of(typed.getDataType()).setRawData(raw).build();
    return Arguments.of(type, typed.build(), other, numbers);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tensors")
  void array_ofEachType_isTheSameFromRawAndTypedNumbers(
      DataType type, TensorProto typed, TensorProto raw, double[] numbers) throws IOException {
    for (TensorProto tensor : new TensorProto[] {typed, raw}) {
      INDArray array = OnnxTensors.array(tensor, "t");
      assertEquals(type, array.dataType());
      assertArrayEquals(numbers, OnnxTensors.doubles(array));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x0000, 0",
    "0x8000, -0.0",
    "0x3c00, 1",
    "0xc000, -2",
    "0x7bff, 65504",
    "0x0001, 0x1p-24",
    "0x83ff, -0x1.ff8p-15",
    "0x0400, 0x1p-14",
    "0x7c00, Infinity",
    "0xfc00, -Infinity",
    "0x7e00, NaN"
  })
  void half_ofItsBits_isTheNumber(int bits, float expected) {
    assertEquals(expected, OnnxTensors.half((short) bits));
  }

  @Test
  void array_ofManyHalves_isReadInChunks() throws IOException {
    long[] numbers = new long[100_000];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = 0x3c00L + i % 1024;
    }
    TensorProto tensor =
        TensorProto.newBuilder()
            .setDataType(10)
            .addDims(numbers.length)
            .setRawData(raw(2, numbers))
            .build();
    double[] read = OnnxTensors.doubles(OnnxTensors.array(tensor, "t"));
    for (int i = 0; i < numbers.length; i++) {
      assertEquals(1 + i % 1024 / 1024.0, read[i]);
    }
  }

  @Test
  void array_ofNoNumbers_keepsItsShape() throws IOException {
    TensorProto tensor = TensorProto.newBuilder().setDataType(7).addDims(0).addDims(3).build();
    INDArray array = OnnxTensors.array(tensor, "t");
    assertTrue(array.isEmpty());
    assertArrayEquals(new long[] {0, 3}, array.shape());
    assertEquals(0, OnnxTensors.longs(array).length);
    assertEquals(0, OnnxTensors.doubles(array).length);
  }

  @Test
  void length_thatNoLongHolds_isTheLargest() {
    assertEquals(Long.MAX_VALUE, OnnxTensors.length(1L << 40, 1L << 40));
    assertEquals(Long.MAX_VALUE, OnnxTensors.length(1L << 40, 1L << 40, 1L << 40));
    assertEquals(0, OnnxTensors.length(1L << 40, 1L << 40, 0));
    assertEquals(1, OnnxTensors.length());
  }
}
