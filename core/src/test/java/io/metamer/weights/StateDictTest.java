package io.metamer.weights;

import static io.metamer.contract.Close.assertClose;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

final class StateDictTest {

  static final Path GOLDEN = Path.of("src", "test", "resources", "golden", "weights");

  @TempDir private static Path folder = Path.of("");

  /** A tensor as values.txt has it. */
  private record Expected(long[] shape, double[] numbers) {}

  @ParameterizedTest
  @ValueSource(
      strings = {
        "torch1.pth",
        "torch2.pth",
        "protocol4.pth",
        "legacy.pth",
        "big.pth",
        "all.safetensors",
        "all.npz",
        "compressed.npz"
      })
  void load_ofEveryFormat_givesTheTensors(String file) throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve(file));
    int compared = 0;
    for (Map.Entry<String, Expected> expected : values().entrySet()) {
      if (!file.endsWith("npz") || !expected.getKey().equals("bfloat")) {
        assertTensor(expected.getValue(), weights.tensor(expected.getKey()));
        compared++;
      }
    }
    assertEquals(file.equals("compressed.npz") ? compared + 1 : compared, weights.size());
    assertEquals(DataType.FLOAT, weights.tensor("half").dataType());
    assertEquals(DataType.DOUBLE, weights.tensor("double").dataType());
    assertEquals(DataType.INT64, weights.tensor("long").dataType());
    assertEquals(DataType.BOOL, weights.tensor("bool").dataType());
  }

  @Test
  void load_ofTorch_keepsTheOrderAndSharesTiedTensors() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("torch2.pth"));
    assertEquals(new ArrayList<>(values().keySet()), weights.names());
    assertSame(weights.tensor("tied"), weights.tensor("tied.again"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"checkpoint.pth", "checkpoint5.pth", "checkpoint_legacy.pth"})
  void load_ofACheckpoint_namesTensorsByTheirPath(String file) throws IOException {
    StateDict all = StateDict.load(GOLDEN.resolve(file));
    StateDict weights = all.under("state_dict.");
    for (Map.Entry<String, Expected> expected : values().entrySet()) {
      assertTensor(expected.getValue(), weights.tensor(expected.getKey()));
    }
    assertEquals(values().size(), weights.size());
    assertEquals(all.sha256(), weights.sha256());
    assertTensor(new Expected(new long[] {2}, new double[] {3, 4}), all.tensor("parameter"));
    assertArrayEquals(new long[] {1, 2}, all.shape("linear.weight"));
    assertArrayEquals(new long[] {1, 2}, all.shape("optimizer.state.0.exp_avg"));
    assertTensor(
        new Expected(new long[] {2, 2}, new double[] {0.485f, 0.456f, 0.406f, 0.25}),
        all.tensor("mean"));
    assertTensor(
        new Expected(new long[] {2, 3}, new double[] {0, 1, 2, 3, 4, 5}), all.tensor("columns"));
    assertFalse(all.contains("epoch") || all.contains("names") || all.contains("best"));
  }

  @ParameterizedTest
  @CsvSource({
    "f4, FLOAT",
    "f8, DOUBLE",
    "f2, FLOAT",
    "i8, LONG",
    "u1, UBYTE",
    "b1, BOOL",
    "big, FLOAT",
    "u2, INT",
    "u4, LONG",
    "fortran, FLOAT"
  })
  void only_ofAnArrayOfNumPys_isIt(String file, DataType type) throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve(file + ".npy"));
    double[] numbers = new double[12];
    Arrays.setAll(numbers, i -> file.equals("b1") ? i % 2 : i);
    assertTensor(new Expected(new long[] {3, 4}, numbers), weights.only());
    assertEquals(type, weights.only().dataType());
    assertEquals(List.of(file), weights.names());
  }

  @Test
  void load_ofATensorAlone_isNamedAfterTheFile() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("alone.pt"));
    assertTensor(new Expected(new long[] {2}, new double[] {1, 2}), weights.tensor("alone"));
  }

  @Test
  void load_ofATypeWithoutAStorageClass_readsIt() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("uint16.pth"));
    assertTensor(new Expected(new long[] {2}, new double[] {1, 65535}), weights.tensor("u16"));
  }

  @Test
  void load_ofMoreNumbersThanAreDecodedAtATime_givesThemAll() throws IOException {
    int n = (1 << 21) + 3;
    byte[] header =
        "{\"w\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]}}"
            .formatted(n, n)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + header.length + n).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    for (int i = 0; i < n; i++) {
      file.put((byte) (i % 251));
    }
    INDArray w =
        StateDict.load(Files.write(folder.resolve("long.safetensors"), file.array())).only();
    assertEquals(n, w.length());
    for (int i = 0; i < n; i += 1021) {
      assertEquals(i % 251, w.getInt(i));
    }
    assertEquals((n - 1) % 251, w.getInt(n - 1));
  }

  @Test
  void tensor_ofAnUnknownName_listsThoseThatEndLikeIt() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("checkpoint.pth"));
    assertRefused(
        IllegalArgumentException.class,
        () -> weights.tensor("conv.weight"),
        "checkpoint.pth has no tensor \"conv.weight\"; near names: state_dict.conv.weight, ");
  }

  @Test
  void tensor_ofAnotherShape_saysBoth() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("torch2.pth"));
    assertSame(weights.tensor("rows"), weights.tensor("rows", 4, 3));
    assertRefused(
        IllegalArgumentException.class,
        () -> weights.tensor("rows", 3, 4),
        "torch2.pth: expected tensor rows of shape [3, 4], got [4, 3]");
  }

  @Test
  void only_ofSeveral_namesThem() throws IOException {
    StateDict weights = StateDict.load(GOLDEN.resolve("torch2.pth"));
    assertRefused(IllegalArgumentException.class, weights::only, "got 19: conv.weight, conv.bias");
  }

  @Test
  void only_ofText_saysThatItDoesNotCount() throws IOException {
    String header = "{'descr': '<U1', 'fortran_order': False, 'shape': (2,), }";
    String array = "\u0093NUMPY\1\0" + (char) header.length() + "\0" + header + "a\0\0\0b\0\0\0";
    Path file = folder.resolve("text.npy");
    Files.writeString(file, array, StandardCharsets.ISO_8859_1);
    StateDict weights = StateDict.load(file);
    assertRefused(IllegalArgumentException.class, weights::only, "text.npy, got none", "text");
  }

  @Test
  void load_ofAZipCutShort_saysSo() throws IOException {
    byte[] whole = Files.readAllBytes(GOLDEN.resolve("torch2.pth"));
    Path file = Files.write(folder.resolve("cut.pth"), Arrays.copyOf(whole, whole.length / 2));
    assertRefused(
        IOException.class, () -> StateDict.load(file), "cut.pth is a zip that is cut short");
  }

  @Test
  void load_ofAFolder_saysSo() {
    assertRefused(
        IOException.class, () -> StateDict.load(folder), folder + " is a folder; expected");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "model.pth | holds a torch.nn.modules.linear.Linear | torch.save(model.state_dict()",
        "model_legacy.pth | holds a torch.nn | torch.save(model.state_dict()",
        "script.pt | holds a TorchScript program | torch.save(model.state_dict()",
        "complex.pth | ComplexFloatStorage | float32, float16",
        "complex.npy | tensor complex: its numbers are of type '<c16' | float32",
        "object.npy | tensor object: its numbers are of type '|O' | float32",
        "generate.py | it is of no kind that is known | expected safetensors",
      })
  void load_ofWhatIsNoStateDict_saysWhat(String file, String found, String supported) {
    assertRefused(
        IOException.class, () -> StateDict.load(GOLDEN.resolve(file)), file, found, supported);
  }

  @Test
  void load_ofAMissingFile_saysSo() {
    assertRefused(
        NoSuchFileException.class, () -> StateDict.load(folder.resolve("no.pth")), "no.pth");
  }

  private static void assertTensor(Expected expected, INDArray actual) {
    assertArrayEquals(expected.shape, actual.shape());
    if (!actual.isEmpty()) {
      double[] numbers =
          actual.castTo(DataType.DOUBLE).dup('c').reshape(actual.length()).toDoubleVector();
      // ND4J may take a float too small for its exponent to be 0.
      assertClose(expected.numbers, numbers, 0, 1e-38);
    }
  }

  private static Map<String, Expected> values() throws IOException {
    Map<String, Expected> values = new LinkedHashMap<>();
    for (String line : Files.readAllLines(GOLDEN.resolve("values.txt"))) {
      List<String> words = List.of(line.split(" "));
      long[] shape =
          words.get(1).equals("-")
              ? new long[0]
              : Arrays.stream(words.get(1).split(",")).mapToLong(Long::parseLong).toArray();
      double[] numbers = words.stream().skip(2).mapToDouble(Double::parseDouble).toArray();
      values.put(words.get(0), new Expected(shape, numbers));
    }
    return values;
  }

  static void assertRefused(Class<? extends Exception> kind, Executable call, String... parts) {
    String message = Objects.toString(assertThrows(kind, call).getMessage());
    for (String part : parts) {
      assertTrue(message.contains(part), message);
    }
  }
}
