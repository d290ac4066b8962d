package io.metamer.model;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import org.jspecify.annotations.Nullable;
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.CodedOutputStream;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;
import org.nd4j.shade.protobuf.WireFormat;

/**
 * An ONNX file while it is read: its message without the long runs of numbers, and where those
 * stand. Weights then go from the file into arrays with no copy between, so that reading takes
 * little more memory than the weights do.
 */
final class OnnxContents implements AutoCloseable {

  /** Runs of numbers from this many bytes on are left where they stand. */
  private static final int LONG_RUN = 1 << 12;

  /** A field that ONNX does not have: the number of the run that a tensor's numbers are. */
  private static final int RUN_FIELD = 100_000;

  /** How deep messages may lie in one another, such as graphs in the nodes of graphs. */
  private static final int DEEPEST = 100;

  /** How often tensors may share the bytes of files beside the model's, on average. */
  private static final int SHARED = 4;

  private static final int BUFFER = 1 << 16;

  /** The messages on the way from a model to its tensors. */
  private enum Message {
    MODEL,
    GRAPH,
    NODE,
    ATTRIBUTE,
    TENSOR,
    OTHER;

    Message part(int field) {
      return switch (this) {
        case MODEL -> field == ModelProto.GRAPH_FIELD_NUMBER ? GRAPH : OTHER;
        case GRAPH ->
            field == GraphProto.NODE_FIELD_NUMBER
                ? NODE
                : field == GraphProto.INITIALIZER_FIELD_NUMBER ? TENSOR : OTHER;
        case NODE -> field == NodeProto.ATTRIBUTE_FIELD_NUMBER ? ATTRIBUTE : OTHER;
        case ATTRIBUTE -> field == AttributeProto.T_FIELD_NUMBER ? TENSOR : OTHER;
        case TENSOR, OTHER -> OTHER;
      };
    }
  }

  private record Run(int from, int length) {}

  private final String origin;
  private final @Nullable Path file;
  private final OnnxTensors.Bytes bytes;
  private final List<Run> runs = new ArrayList<>();
  private final Map<Path, FileChannel> others = new TreeMap<>();
  private final @Nullable FileChannel channel;
  private final ModelProto message;
  private long outside;

  private OnnxContents(
      String origin, @Nullable Path file, @Nullable FileChannel channel, byte[] all)
      throws IOException {
    this.origin = origin;
    this.file = file;
    this.channel = channel;
    this.bytes =
        channel == null ? OnnxTensors.Bytes.of(ByteBuffer.wrap(all)) : bytes(channel, origin);
    if (bytes.length() == 0) {
      throw new IOException(origin + " is empty, expected an ONNX model");
    }
    if (bytes.length() > Integer.MAX_VALUE) {
      throw new IOException(
          "%s has %d bytes; an ONNX model has at most %d, and larger weights in files beside it"
              .formatted(origin, bytes.length(), Integer.MAX_VALUE));
    }
    try {
      this.message = parse(channel == null ? null : Channels.newInputStream(channel), all);
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(
          "%s is not an ONNX model, or is cut short or damaged (%d bytes)"
              .formatted(origin, bytes.length()),
          e);
    }
  }

  static OnnxContents of(Path file) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      return new OnnxContents(file.toString(), file, channel, new byte[0]);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  static OnnxContents of(byte[] bytes, String origin) throws IOException {
    return new OnnxContents(origin, null, null, bytes);
  }

  @Override
  public void close() throws IOException {
    if (channel != null) {
      channel.close();
    }
    for (FileChannel other : others.values()) {
      other.close();
    }
  }

  /** The file's path, or what the caller calls the stream. */
  String origin() {
    return origin;
  }

  /** The message; the numbers of its tensors are to be had from {@link #numbers}. */
  ModelProto message() {
    return message;
  }

  private ModelProto parse(@Nullable InputStream stream, byte[] all) throws IOException {
    CodedInputStream in =
        stream == null
            ? CodedInputStream.newInstance(all)
            : CodedInputStream.newInstance(stream, BUFFER);
    in.setSizeLimit(Integer.MAX_VALUE);
    CodedInputStream rest = CodedInputStream.newInstance(withoutRuns(Message.MODEL, in));
    rest.setRecursionLimit(DEEPEST);
    return ModelProto.parseFrom(rest);
  }

  /** Copies a message up to the input's limit, without its long runs of numbers. */
  private byte[] withoutRuns(Message kind, CodedInputStream in) throws IOException {
    ByteArrayOutputStream bytesOut = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytesOut);
    for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
      int field = WireFormat.getTagFieldNumber(tag);
      int wire = WireFormat.getTagWireType(tag);
      Message part = kind.part(field);
      switch (wire) {
        case WireFormat.WIRETYPE_VARINT -> {
          long value = in.readRawVarint64();
          if (kind != Message.TENSOR || field != RUN_FIELD) {
            out.writeUInt64(field, value);
          }
        }
        case WireFormat.WIRETYPE_FIXED32 -> out.writeFixed32(field, in.readRawLittleEndian32());
        case WireFormat.WIRETYPE_FIXED64 -> out.writeFixed64(field, in.readRawLittleEndian64());
        case WireFormat.WIRETYPE_LENGTH_DELIMITED -> {
          int length = in.readRawVarint32();
          if (part != Message.OTHER) {
            int before = in.pushLimit(length);
            out.writeByteArray(field, withoutRuns(part, in));
            in.popLimit(before);
          } else if (kind == Message.TENSOR && length >= LONG_RUN && isRun(field)) {
            runs.add(new Run(in.getTotalBytesRead(), length));
            in.skipRawBytes(length);
            out.writeUInt32(RUN_FIELD, runs.size() - 1);
          } else {
            out.writeByteArray(field, in.readRawBytes(length));
          }
        }
        default -> throw new InvalidProtocolBufferException("it holds a group, and ONNX has none");
      }
    }
    out.flush();
    return bytesOut.toByteArray();
  }

  /** Packed floats and doubles are in a file what raw numbers are: their bytes, little endian. */
  private static boolean isRun(int field) {
    return field == TensorProto.RAW_DATA_FIELD_NUMBER
        || field == TensorProto.FLOAT_DATA_FIELD_NUMBER
        || field == TensorProto.DOUBLE_DATA_FIELD_NUMBER;
  }

  /**
   * The numbers of a tensor of the message.
   *
   * @param what names the tensor in messages
   * @throws IOException if they are not where the message says
   */
  OnnxTensors.Bytes numbers(TensorProto tensor, String what) throws IOException {
    if (tensor.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      return outside(tensor, what);
    }
    List<Long> marks = tensor.getUnknownFields().getField(RUN_FIELD).getVarintList();
    if (marks.isEmpty()) {
      return OnnxTensors.inside(tensor);
    }
    Run run = runs.get(Math.toIntExact(marks.get(0)));
    if (marks.size() > 1 || run.from() + (long) run.length() > bytes.length()) {
      throw new IOException(what + " holds its numbers in pieces: the file is damaged");
    }
    return part(bytes, run.from(), run.length());
  }

  /** Numbers in a file beside the model's. */
  private OnnxTensors.Bytes outside(TensorProto tensor, String what) throws IOException {
    String location = "";
    long from = 0;
    long length = -1;
    for (StringStringEntryProto entry : tensor.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> from = count(entry, what);
        case "length" -> length = count(entry, what);
        default -> {
          // A checksum, which files seldom have.
        }
      }
    }
    FileChannel other = beside(location, what);
    OnnxTensors.Bytes all = bytes(other, what);
    if (from > all.length() || length > all.length() - from) {
      throw new IOException(
          "%s is %d bytes from %d on of %s, which has %d"
              .formatted(what, length, from, location, all.length()));
    }
    OnnxTensors.Bytes part = part(all, from, length < 0 ? all.length() - from : length);
    outside += part.length();
    long held = 0;
    for (FileChannel each : others.values()) {
      held += each.size();
    }
    if (outside / SHARED > held) {
      throw new IOException(
          "%s: tensors take more than %d times the %d bytes of the files beside %s"
              .formatted(what, SHARED, held, origin));
    }
    return part;
  }

  private static long count(StringStringEntryProto entry, String what) throws IOException {
    try {
      long count = Long.parseLong(entry.getValue());
      if (count >= 0) {
        return count;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IOException(
        "%s has the %s \"%s\", expected a count of bytes"
            .formatted(what, entry.getKey(), entry.getValue()));
  }

  /** A file of the model's own folder; links and paths do not lead out of it. */
  private FileChannel beside(String location, String what) throws IOException {
    if (file == null) {
      throw new IOException(
          "%s is kept in another file, %s; read the model from its file, with load(Path)"
              .formatted(what, location));
    }
    Path folder = file.toAbsolutePath().getParent();
    Path path;
    try {
      path = Path.of(location);
    } catch (InvalidPathException e) {
      throw new IOException("%s is kept in \"%s\", which is no file".formatted(what, location), e);
    }
    if (folder == null || location.isEmpty() || path.isAbsolute()) {
      throw new IOException(
          "%s is kept in \"%s\"; supported are files in the model's folder"
              .formatted(what, location));
    }
    Path target = folder.resolve(path).normalize();
    if (!target.startsWith(folder.normalize())) {
      throw new IOException(
          "%s is kept in \"%s\", outside of the model's folder".formatted(what, location));
    }
    if (!Files.isRegularFile(target)) {
      throw new IOException(
          "%s is kept in \"%s\", and there is no such file beside the model"
              .formatted(what, location));
    }
    Path real = target.toRealPath();
    if (!real.startsWith(folder.toRealPath())) {
      throw new IOException(
          "%s is kept in \"%s\", a link out of the model's folder".formatted(what, location));
    }
    FileChannel open = others.get(real);
    if (open == null) {
      open = FileChannel.open(real);
      others.put(real, open);
    }
    return open;
  }

  /**
   * Identifies the model by all of its bytes.
   *
   * @return the SHA-256 of its file followed by those beside it from which tensors were read, in
   *     the order of their paths
   */
  String sha256() throws IOException {
    MessageDigest digest = Digests.sha256();
    update(digest, bytes);
    for (Map.Entry<Path, FileChannel> other : others.entrySet()) {
      update(digest, bytes(other.getValue(), other.getKey().toString()));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, OnnxTensors.Bytes bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    for (long from = 0; from < bytes.length(); from += buffer.limit()) {
      buffer.clear().limit((int) Math.min(BUFFER, bytes.length() - from));
      bytes.read(from, buffer);
      digest.update(buffer.flip());
    }
  }

  private static OnnxTensors.Bytes bytes(FileChannel channel, String what) throws IOException {
    long length = channel.size();
    return new OnnxTensors.Bytes() {
      @Override
      public long length() {
        return length;
      }

      @Override
      public void read(long from, ByteBuffer into) throws IOException {
        long at = from;
        while (into.hasRemaining()) {
          int n = channel.read(into, at);
          if (n < 0) {
            throw new IOException(what + " was cut short while it was read");
          }
          at += n;
        }
      }
    };
  }

  private static OnnxTensors.Bytes part(OnnxTensors.Bytes all, long start, long length) {
    return new OnnxTensors.Bytes() {
      @Override
      public long length() {
        return length;
      }

      @Override
      public void read(long from, ByteBuffer into) throws IOException {
        all.read(start + from, into);
      }
    };
  }
}
