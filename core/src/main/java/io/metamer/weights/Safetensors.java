package io.metamer.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Files of the safetensors format: the length of a header, the header in JSON, the numbers.
 *
 * @see <a href="https://github.com/huggingface/safetensors">safetensors, "Format"</a>
 */
final class Safetensors {

  /** The longest header of the format. */
  private static final int MAX_HEADER = 100_000_000;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder().maxNestingDepth(8).maxStringLength(1 << 24).build())
          .build();

  /** What the header says of a tensor; offsets are of bytes, from the header's end. */
  private record Entry(String name, ElementType type, List<Long> shape, long begin, long end) {}

  private Safetensors() {}

  static boolean startsWith(byte[] head, long size) {
    if (head.length < 9 || head[8] != '{') {
      return false;
    }
    long header = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
    return header >= 2 && header <= MAX_HEADER && header <= size - 8;
  }

  static Map<String, View> read(FileChannel channel, byte[] head) throws IOException {
    int length = (int) ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getLong();
    byte[] header = new byte[length];
    new FileBytes(channel, 8).readNBytes(header, 0, length);
    List<Entry> entries;
    try {
      entries = entries(header);
    } catch (JsonProcessingException e) {
      throw new IOException("its header is not as the format has it: " + e.getOriginalMessage(), e);
    }
    long data = 8L + length;
    checkCover(entries, channel.size() - data);
    Map<String, View> views = new LinkedHashMap<>();
    for (Entry entry : entries) {
      Storage storage =
          new Storage(
              entry.type,
              ByteOrder.LITTLE_ENDIAN,
              (entry.end - entry.begin) / entry.type.bytes,
              at -> new FileBytes(channel, data + entry.begin + at));
      views.put(entry.name, View.inRowOrder(storage, entry.shape));
    }
    return views;
  }

  private static List<Entry> entries(byte[] header) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (JsonParser json = JSON.createParser(header)) {
      expect(json, json.nextToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        expect(json, json.nextToken(), JsonToken.START_OBJECT);
        if (name.equals("__metadata__")) {
          json.skipChildren();
        } else {
          entries.add(entry(json, name));
          TensorFile.checkCount(entries.size());
        }
      }
      if (json.nextToken() != null) {
        throw new IOException("its header goes on after its end");
      }
    }
    return entries;
  }

  private static Entry entry(JsonParser json, String name) throws IOException {
    @Nullable ElementType type = null;
    @Nullable List<Long> shape = null;
    @Nullable List<Long> offsets = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      JsonToken value = json.nextToken();
      switch (key) {
        case "dtype" -> {
          expect(json, value, JsonToken.VALUE_STRING);
          type = type(name, json.getText());
        }
        case "shape" -> shape = numbers(json);
        case "data_offsets" -> offsets = numbers(json);
        default -> throw new IOException("tensor %s: unknown key %s".formatted(name, key));
      }
    }
    if (type == null || shape == null || offsets == null || offsets.size() != 2) {
      throw new IOException(
          "tensor %s: expected dtype, shape and two data_offsets".formatted(name));
    }
    long begin = offsets.get(0);
    long end = offsets.get(1);
    long length = View.length(shape);
    if (begin > end || (end - begin) % type.bytes != 0 || (end - begin) / type.bytes != length) {
      throw new IOException(
          "tensor %s: %s of shape %s do not take the bytes from %d to %d"
              .formatted(name, type.word(), shape, begin, end));
    }
    return new Entry(name, type, shape, begin, end);
  }

  private static ElementType type(String name, String dtype) throws IOException {
    for (ElementType type : ElementType.values()) {
      if (type.safetensors.equals(dtype)) {
        return type;
      }
    }
    throw new IOException(
        "tensor %s: its numbers are of type %s; supported are %s"
            .formatted(name, dtype, ElementType.SUPPORTED));
  }

  private static List<Long> numbers(JsonParser json) throws IOException {
    expect(json, json.currentToken(), JsonToken.START_ARRAY);
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      expect(json, json.currentToken(), JsonToken.VALUE_NUMBER_INT);
      numbers.add(json.getLongValue());
      if (numbers.size() > 64 || json.getLongValue() < 0) {
        throw new IOException("a list of more than 64 numbers, or a number below 0");
      }
    }
    return List.copyOf(numbers);
  }

  private static void expect(JsonParser json, @Nullable JsonToken token, JsonToken expected)
      throws IOException {
    if (token != expected) {
      throw new IOException(
          "its header has %s at byte %d; expected %s"
              .formatted(token, json.currentLocation().getByteOffset(), expected));
    }
  }

  /** The format has no byte that belongs to no tensor, and none that belongs to two. */
  private static void checkCover(List<Entry> entries, long bytes) throws IOException {
    long next = 0;
    List<Entry> inOrder =
        entries.stream()
            .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
            .toList();
    for (Entry entry : inOrder) {
      if (entry.begin != next) {
        throw new IOException(
            "tensor %s: its numbers start at byte %d; expected %d, where those before it end"
                .formatted(entry.name, entry.begin, next));
      }
      next = entry.end;
    }
    if (next != bytes) {
      throw new IOException(
          "its tensors take %d bytes, and it has %d: it is cut short or damaged"
              .formatted(next, bytes));
    }
  }
}
