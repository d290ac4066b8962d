package io.metamer.weights;

import static io.metamer.weights.StateDictTest.GOLDEN;
import static io.metamer.weights.StateDictTest.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.metamer.model.Mutations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that were damaged, or made to do harm. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class HostileWeightsTest {

  private static final com.sun.management.ThreadMXBean THREADS =
      (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir private static Path folder = Path.of("");

  @ParameterizedTest
  @CsvSource({
    "all.safetensors, 3000",
    "torch2.pth, 1500",
    "legacy.pth, 1500",
    "checkpoint_legacy.pth, 1500",
    "all.npz, 3000",
    "compressed.npz, 500",
    "fortran.npy, 500"
  })
  void load_ofDamagedFiles_readsThemOrSaysWhatIsWrong(String name, int copies) throws IOException {
    byte[] whole = Files.readAllBytes(GOLDEN.resolve(name));
    int refused = 0;
    for (Iterator<byte[]> i = Mutations.of(whole, copies, 1).iterator(); i.hasNext(); ) {
      refused += load(i.next()) ? 0 : 1;
    }
    assertTrue(refused > copies / 4, refused + " of the copies were refused");
  }

  /** A zip file rarely survives, so that the pickle in it is damaged by itself. */
  @ParameterizedTest
  @CsvSource({"torch2.pth, 1000", "checkpoint5.pth, 1000"})
  void load_ofDamagedPickles_readsThemOrSaysWhatIsWrong(String name, int copies)
      throws IOException {
    Map<String, byte[]> entries = entries(name);
    String pickle =
        entries.keySet().stream().filter(e -> e.endsWith("/data.pkl")).findFirst().orElseThrow();
    byte[] whole = entries.get(pickle);
    int refused = 0;
    for (Iterator<byte[]> i = Mutations.of(whole, copies, 2).iterator(); i.hasNext(); ) {
      entries.put(pickle, i.next());
      refused += load(zip(entries)) ? 0 : 1;
    }
    assertTrue(refused > copies / 4, refused + " of the copies were refused");
  }

  @ParameterizedTest
  @ValueSource(strings = {"all.safetensors", "torch2.pth", "legacy.pth", "all.npz", "f4.npy"})
  void load_ofAFileCutShort_isRefused(String name) throws IOException {
    byte[] whole = Files.readAllBytes(GOLDEN.resolve(name));
    for (int length = 0; length < whole.length; length += 1 + whole.length / 50) {
      assertFalse(load(Arrays.copyOf(whole, length)), "of %d bytes".formatted(length));
    }
  }

  /** Calls that run a command where Python reads them. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cos\\nsystem\\n(X\\x05\\0\\0\\0touchtR. | os.system",
        "cposix\\nsystem\\n(X\\x05\\0\\0\\0touchtR. | posix.system",
        "c__builtin__\\neval\\n(X\\x01\\0\\0\\01tR. | __builtin__.eval",
        "cbuiltins\\ngetattr\\n. | builtins.getattr",
        "ctorch.storage\\n_load_from_bytes\\n. | torch.storage._load_from_bytes",
        "cnumpy.testing._private.utils\\nrunstring\\n. | runstring",
        "X\\x02\\0\\0\\0osX\\x06\\0\\0\\0system\\x93. | os.system",
        "\\x8c\\x02os\\x8c\\x06system\\x93. | os.system",
        "ccollections\\nOrderedDict\\nX\\x02\\0\\0\\0osX\\x06\\0\\0\\0system\\x93\\x85R. | os.system",
        "(X\\x05\\0\\0\\0touchios\\nsystem\\n. | instruction 0x69",
        "(cos\\nsystem\\no. | os.system",
        "cos\\nsystem\\n)\\x81. | os.system",
        "cos\\nsystem\\n)}\\x92. | os.system",
        "\\x82\\x01. | instruction 0x82",
        "\\x83\\x01\\x01. | instruction 0x83",
        "Pevil\\n. | instruction 0x50",
        "X\\x01\\0\\0\\0xQ. | a reference to what is no storage",
        "X\\x06\\0\\0\\0module\\x85Q. | holds a torch.nn.Module",
        "\\x97. | instruction 0x97",
        "\\x80\\x01}. | protocol 1",
        "I1\\n. | instruction 0x49",
        "K\\x01)R. | a call of what is no function",
        "K\\x01}b. | a state for what has none",
        "ctorch\\nFloatStorage\\n)R. | a call of what is no function",
      })
  void load_ofAPickleThatAsksForMore_isRefusedByName(String pickle, String found) {
    assertRefused(IOException.class, () -> pickled(bytes(pickle)), "hostile", found);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        ". | nothing on its stack",
        "} | ends in the middle",
        "(. | nothing on its stack",
        "t. | no mark",
        "N]s. | a",
        "}N\\x85u. | no mark",
        "}(Nu. | a key without a value",
        "}Na. | an item for what is no list",
        "]NNs. | an entry for what is no dictionary",
        "h\\x05. | a recollection of nothing",
        "}q\\x05. | a gap in its memo",
        "}r\\xff\\xff\\xff\\x7f. | a gap in its memo",
        "}r\\xff\\xff\\xff\\xff. | a gap in its memo",
        "\\x8b\\0\\0\\0\\x80. | a number of -2147483648 bytes",
        "\\x8b\\xff\\xff\\xff\\x7f. | a number of 2147483647 bytes",
        "X\\xff\\xff\\xff\\xff. | ends in the middle",
        "\\x8d\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x7f. | ends in the middle",
        "\\x8d\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff. | ends in the middle",
        "\\x8e\\0\\0\\0\\0\\0\\x01\\0\\0. | ends in the middle",
        "]q\\0h\\0a. | a container in it holds itself",
        "}q\\0K\\x01h\\0s. | a container in it holds itself",
        "ctorch._utils\\n_rebuild_tensor_v2\\n)R. | a tensor without a storage",
        "ctorch._utils\\n_rebuild_parameter\\n)R. | a call with too few arguments",
      })
  void load_ofADamagedPickle_saysHow(String pickle, String found) {
    assertRefused(IOException.class, () -> pickled(bytes(pickle)), "hostile", found);
  }

  @Test
  void load_ofAnAttack_runsNothing() throws IOException {
    Path trace = folder.resolve("trace");
    String command = "touch " + trace.toAbsolutePath();
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(bytes("cposix\\nsystem\\n(X"));
    pickle.writeBytes(little(4, command.length()));
    pickle.writeBytes(command.getBytes(StandardCharsets.US_ASCII));
    pickle.writeBytes(bytes("tR."));
    assertRefused(IOException.class, () -> pickled(pickle.toByteArray()), "posix.system");
    assertFalse(Files.exists(trace));
  }

  /** Each tuple holds the one before it twice: 2^60 items. */
  @Test
  void load_ofContainersThatMultiply_isRefused() {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(bytes("]q\\0"));
    for (int i = 0; i < 60; i++) {
      pickle.writeBytes(bytes("h\\0h\\0\\x86q\\0"));
    }
    pickle.writeBytes(bytes("."));
    assertRefused(IOException.class, () -> pickled(pickle.toByteArray()), "over and over");
  }

  @ParameterizedTest
  @ValueSource(strings = {"]", "}", "("})
  void load_ofAHundredThousandContainersInEachOther_isRefused(String container) {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    int deep = 100_000;
    String open = container.equals("}") ? "}K\\0" : container;
    String close = container.equals("]") ? "a" : container.equals("}") ? "s" : "t";
    for (int i = 0; i < deep; i++) {
      pickle.writeBytes(bytes(open));
    }
    pickle.writeBytes(bytes("N"));
    for (int i = 0; i < deep - (container.equals("]") ? 1 : 0); i++) {
      pickle.writeBytes(bytes(i == 0 && container.equals("]") ? "aa" : close));
    }
    pickle.writeBytes(bytes("."));
    assertRefused(IOException.class, () -> pickled(pickle.toByteArray()), "more than 64 deep");
  }

  @ParameterizedTest
  @ValueSource(strings = {"}", "(", ")", "]", "N", "K\\x01", "\\x8c\\0", "}\\x94"})
  void load_ofMillionsOfInstructions_isRefusedInBoundedMemory(String instruction) {
    byte[] one = bytes(instruction);
    byte[] many = new byte[10_000_000];
    for (int i = 0; i < many.length; i++) {
      many[i] = one[i % one.length];
    }
    assertRefused(IOException.class, () -> pickled(many), "more than 4000000 instructions");
  }

  /** Of a storage of two numbers. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0 | 3 | 1 | not in a storage of 2 numbers",
        "1 | 2 | 1 | not in a storage of 2 numbers",
        "-1 | 1 | 1 | not in a storage",
        "0 | -1 | 1 | shape [-1] is none",
        "0 | 2 | -1 | not in a storage",
        "0 | 2 | 4611686018427387904 | not in a storage",
        "4611686018427387904 | 2 | 1 | not in a storage",
        "0 | 1099511627776 | 1 | not in a storage",
        "0 | 9223372036854775807 | 0 | takes more than the",
        "0 | 1000000 | 0 | takes more than the",
      })
  void load_ofATensorThatIsNotInItsStorage_namesIt(
      long offset, long size, long stride, String found) {
    assertRefused(
        IOException.class,
        () -> read(tensor(2, offset, size, stride)),
        "hostile",
        "tensor w: ",
        found);
  }

  @ParameterizedTest
  @ValueSource(longs = {3, -1, 1L << 40, Long.MAX_VALUE})
  void load_ofAStorageThatIsNotThere_saysWhich(long numbers) {
    assertRefused(
        IOException.class,
        () -> read(tensor(numbers, 0, 1, 1)),
        "storage 0 is missing or shorter than " + numbers);
  }

  @Test
  void load_ofACompressedZipOfTorch_isRefused() throws IOException {
    Map<String, byte[]> entries = entries("torch2.pth");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    assertRefused(IOException.class, () -> read(bytes.toByteArray()), "is compressed");
  }

  @Test
  void load_ofABombInAnNpz_isRefusedBeforeItIsInflated() throws IOException {
    byte[] array = Files.readAllBytes(GOLDEN.resolve("u1.npy"));
    String header =
        new String(array, 0, 128, StandardCharsets.ISO_8859_1)
            .replace("(3, 4), }                 ", "(200000000, 1), }         ");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.putNextEntry(new ZipEntry("bomb.npy"));
      zip.write(header.getBytes(StandardCharsets.ISO_8859_1));
      byte[] zeros = new byte[1_000_000];
      for (int i = 0; i < 200; i++) {
        zip.write(zeros);
      }
    }
    assertRefused(
        IOException.class, () -> read(bytes.toByteArray()), "tensor bomb", "takes more than the");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | and it has 8",
        "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}} | ",
        "{'w':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}} | do not take the bytes from 0 to 4",
        "{'w':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}} | start at byte 4; expected 0",
        "{'w':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}} | take 4 bytes, and it has 8",
        "{'w':{'dtype':'F32','shape':[3],'data_offsets':[0,12]}} | take 12 bytes, and it has 8",
        "{'w':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}} | a number below 0",
        "{'w':{'dtype':'F32','shape':[1e1],'data_offsets':[0,8]}} | VALUE_NUMBER_FLOAT",
        "{'w':{'dtype':'F8_E4M3','shape':[8],'data_offsets':[0,8]}} | tensor w: its numbers are of",
        "{'w':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | is none",
        "{'w':{'dtype':'U8','shape':[1099511627776],'data_offsets':[0,1099511627776]}} | and it has 8",
        "{'w':{'dtype':'U8','shape':[99999999999999999999],'data_offsets':[0,8]}} | out of range",
        "{'a':{'dtype':'U8','shape':[8],'data_offsets':[0,8]},'b':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}} | tensor b: its numbers start at byte 0; expected 8",
        "{'w':{'dtype':'U8','shape':[8],'data_offsets':[0,8]},'w':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}} | Duplicate field 'w'",
        "{'w':{'dtype':'U8','shape':[8]}} | expected dtype, shape and two data_offsets",
        "{'w':{'dtype':'U8','shape':[8],'data_offsets':[0,8],'x':1}} | unknown key x",
        "{'w':7} | VALUE_NUMBER_INT",
        "{'w':{'dtype':'U8','shape':[[[[[[[[[[8]]]]]]]]]],'data_offsets':[0,8]}} | START_ARRAY",
        "{'__metadata__':{'a':[[[[[[[[[[]]]]]]]]]]}} | nesting depth",
        "{'w':{'dtype':'U8','shape':[8],'data_offsets':[0,8]}}x | header",
      })
  void load_ofASafetensorsHeaderThatDoesNotFit_saysHow(String header, String found)
      throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + json.length + 8).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    if (found == null) {
      assertEquals(1, read(file.array()).size());
    } else {
      assertRefused(
          IOException.class, () -> read(file.array()), "hostile", found.replace('\'', '\''));
    }
  }

  // Small files.

  /** A state dict of one tensor w over a storage that has two floats. */
  private static byte[] tensor(long numbers, long offset, long size, long stride)
      throws IOException {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(bytes("\\x80\\x02}X\\x01\\0\\0\\0wctorch._utils\\n_rebuild_tensor_v2\\n("));
    pickle.writeBytes(bytes("(X\\x07\\0\\0\\0storagectorch\\nFloatStorage\\nX\\x01\\0\\0\\x000"));
    pickle.writeBytes(bytes("X\\x03\\0\\0\\0cpu"));
    pickle.writeBytes(number(numbers));
    pickle.writeBytes(bytes("tQ"));
    pickle.writeBytes(number(offset));
    pickle.writeBytes(number(size));
    pickle.writeBytes(bytes("\\x85"));
    pickle.writeBytes(number(stride));
    pickle.writeBytes(bytes("\\x85\\x89NtRs."));
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a/data.pkl", pickle.toByteArray());
    entries.put("a/data/0", new byte[8]);
    return zip(entries);
  }

  private static byte[] number(long value) {
    ByteArrayOutputStream number = new ByteArrayOutputStream();
    number.writeBytes(bytes("\\x8a\\x08"));
    number.writeBytes(little(8, value));
    return number.toByteArray();
  }

  private static byte[] little(int width, long value) {
    ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    return Arrays.copyOf(buffer.array(), width);
  }

  /** Bytes as Python writes them. */
  private static byte[] bytes(String python) {
    Matcher letters = Pattern.compile("\\\\n|\\\\0|\\\\x(..)|.").matcher(python);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (letters.find()) {
      switch (letters.group()) {
        case "\\n" -> bytes.write('\n');
        case "\\0" -> bytes.write(0);
        default ->
            bytes.write(
                letters.group(1) == null
                    ? letters.group().charAt(0)
                    : Integer.parseInt(letters.group(1), 16));
      }
    }
    return bytes.toByteArray();
  }

  private static StateDict pickled(byte[] pickle) throws IOException {
    return read(zip(Map.of("a/data.pkl", pickle)));
  }

  private static byte[] zip(Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> content : entries.entrySet()) {
        ZipEntry entry = new ZipEntry(content.getKey());
        CRC32 crc = new CRC32();
        crc.update(content.getValue());
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.getValue().length);
        entry.setCrc(crc.getValue());
        zip.putNextEntry(entry);
        zip.write(content.getValue());
      }
    }
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> entries(String name) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile zip = new ZipFile(GOLDEN.resolve(name).toFile())) {
      for (Iterator<? extends ZipEntry> i = zip.stream().iterator(); i.hasNext(); ) {
        ZipEntry entry = i.next();
        entries.put(entry.getName(), zip.getInputStream(entry).readAllBytes());
      }
    }
    return entries;
  }

  // Reading them.

  private static StateDict read(byte[] bytes) throws IOException {
    return StateDict.load(Files.write(folder.resolve("hostile"), bytes));
  }

  /** Whether it could be read; that it was refused in an orderly way otherwise. */
  private static boolean load(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("hostile"), bytes);
    long thread = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(thread);
    long start = System.nanoTime();
    boolean read;
    try {
      StateDict.load(file);
      read = true;
    } catch (IOException e) {
      read = false;
    } catch (RuntimeException | Error e) {
      Path kept = Files.write(Path.of("target", "hostile"), bytes);
      return fail("an undocumented exception for " + kept, e);
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    allocated = THREADS.getThreadAllocatedBytes(thread) - allocated;
    assertTrue(seconds < 2, seconds + " s");
    assertTrue(allocated < 100L * bytes.length + (1 << 25), allocated + " bytes");
    return read;
  }
}
