package io.metamer.model;

import io.jhdf.GroupSymbolTableNode;
import io.jhdf.LocalHeap;
import io.jhdf.ObjectHeader;
import io.jhdf.Superblock;
import io.jhdf.Superblock.SuperblockV0V1;
import io.jhdf.Superblock.SuperblockV2V3;
import io.jhdf.SymbolTableEntry;
import io.jhdf.Utils;
import io.jhdf.api.Dataset;
import io.jhdf.api.dataset.ChunkedDataset;
import io.jhdf.btree.BTreeV1;
import io.jhdf.dataset.DatasetBase;
import io.jhdf.dataset.DatasetLoader;
import io.jhdf.dataset.DatasetReader;
import io.jhdf.dataset.NoParent;
import io.jhdf.exceptions.HdfException;
import io.jhdf.object.datatype.DataType;
import io.jhdf.object.datatype.FloatingPoint;
import io.jhdf.object.datatype.OrderedDataType;
import io.jhdf.object.datatype.StringData;
import io.jhdf.object.message.AttributeMessage;
import io.jhdf.object.message.DataSpaceMessage;
import io.jhdf.object.message.FilterPipelineMessage;
import io.jhdf.object.message.LinkInfoMessage;
import io.jhdf.object.message.LinkMessage;
import io.jhdf.object.message.SymbolTableMessage;
import io.jhdf.storage.HdfBackingStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * An HDF5 file in memory: its groups and datasets by their paths. jhdf reads the single structures;
 * the walk from one to the next is done here, since a file may lead it in circles, outside of
 * itself, or to sizes that it does not have.
 */
final class KerasHdf5 {

  /** Of what the arrays and the structures of a file take together, whatever the file says. */
  private static final int MOST_TIMES_THE_FILE = 10;

  private static final long MOST_OF_A_SMALL_FILE = 16 << 20;

  private static final byte[] SIGNATURE = {(byte) 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};

  /** A datatype of version 1: of opaque elements, its tag's length, and the size of two bytes. */
  private static final byte[] UNTAGGED = {0x15, 0, 0, 0, 2, 0, 0, 0};

  private static final byte TEXT = 0x13;

  private static final int DEFLATE = 1;
  private static final int SHUFFLE = 2;
  private static final int FLETCHER32 = 3;

  private final String origin;
  private final Storage storage;
  private final Map<String, Long> groups = new LinkedHashMap<>();
  private final Map<String, Long> datasets = new LinkedHashMap<>();

  private KerasHdf5(String origin, Storage storage) {
    this.origin = origin;
    this.storage = storage;
  }

  static boolean isHdf5(byte[] bytes) {
    return bytes.length > SIGNATURE.length
        && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
  }

  /** How many bytes may come of a file of a size. */
  static long most(long size) {
    return MOST_OF_A_SMALL_FILE + MOST_TIMES_THE_FILE * size;
  }

  static KerasHdf5 read(byte[] bytes, String origin) throws IOException {
    return guarded(
        origin,
        () -> {
          byte[] readable = readable(bytes);
          ByteBuffer buffer = ByteBuffer.wrap(readable).order(ByteOrder.LITTLE_ENDIAN);
          Superblock superblock = Superblock.readSuperblock(buffer);
          KerasHdf5 file = new KerasHdf5(origin, new Storage(readable, superblock));
          file.walk(file.root(superblock));
          return file;
        });
  }

  /**
   * The bytes with bfloat16 told to be texts of two bytes. HDF5 has no name for it, h5py writes
   * elements of two bytes without a tag, and jhdf reads only those with one.
   */
  private static byte[] readable(byte[] bytes) {
    byte[] readable = bytes;
    for (int i = 0; i + UNTAGGED.length <= bytes.length; i++) {
      if (bytes[i] == UNTAGGED[0]
          && Arrays.equals(bytes, i, i + UNTAGGED.length, UNTAGGED, 0, UNTAGGED.length)) {
        readable = readable == bytes ? bytes.clone() : readable;
        readable[i] = TEXT;
      }
    }
    return readable;
  }

  /** The paths of the datasets, without a slash in front, in the order in which they were met. */
  Set<String> datasets() {
    return datasets.keySet();
  }

  boolean hasGroup(String path) {
    return groups.containsKey(path);
  }

  /** A group's or dataset's attribute of one text, or null where it has none of this name. */
  @Nullable String text(String path, String attribute) throws IOException {
    String[] texts = attribute(path, attribute);
    return texts == null || texts.length == 0 ? null : texts[0];
  }

  /**
   * A group's attribute of many texts, or null. Keras spreads a long one over attributes whose
   * names end in 0, 1 and so on.
   */
  @Nullable List<String> texts(String path, String attribute) throws IOException {
    String[] whole = attribute(path, attribute);
    if (whole != null) {
      return List.of(whole);
    }
    List<String> parts = new ArrayList<>();
    for (int i = 0; ; i++) {
      String[] part = attribute(path, attribute + i);
      if (part == null) {
        return i == 0 ? null : parts;
      }
      parts.addAll(List.of(part));
    }
  }

  private String @Nullable [] attribute(String path, String name) throws IOException {
    Long address = groups.getOrDefault(path, datasets.get(path));
    if (address == null) {
      return null;
    }
    return guarded(
            origin,
            () -> {
              ObjectHeader header = ObjectHeader.readObjectHeader(storage, address);
              for (AttributeMessage message : header.getMessagesOfType(AttributeMessage.class)) {
                if (message.getName().equals(name)) {
                  return Optional.of(strings(message));
                }
              }
              return Optional.<String[]>empty();
            })
        .orElse(null);
  }

  private String[] strings(AttributeMessage message) {
    ByteBuffer buffer = message.getDataBuffer();
    if (buffer == null) {
      return new String[0];
    }
    int[] shape = message.getDataSpace().getDimensions();
    Object value = DatasetReader.readDataset(message.getDataType(), buffer, shape, storage);
    if (value instanceof String text) {
      return new String[] {text};
    }
    if (value instanceof String[] texts) {
      return texts;
    }
    throw new HdfException("attribute %s is not of text".formatted(message.getName()));
  }

  /** The numbers of a dataset: floats, or doubles where the file has those. */
  INDArray array(String path) throws IOException {
    Long address = datasets.get(path);
    if (address == null) {
      throw new IOException("%s has no dataset %s".formatted(origin, path));
    }
    boolean named = "bfloat16".equals(text(path, "dtype"));
    return guarded(
        origin,
        () -> {
          ObjectHeader header = ObjectHeader.readObjectHeader(storage, address);
          Dataset dataset = DatasetLoader.createDataset(storage, header, path, NoParent.INSTANCE);
          long[] shape = dataset.getDimensionsAsLong();
          DataType type = dataset.getDataType();
          if (Arrays.stream(shape).anyMatch(n -> n < 1)) {
            throw new HdfException(
                "dataset %s has the shape %s".formatted(path, Arrays.toString(shape)));
          }
          long length = Arrays.stream(shape).reduce(1, Math::multiplyExact);
          storage.claim(Math.multiplyExact(length, Math.max(Float.BYTES, type.getSize())));
          ByteBuffer buffer = content(header, dataset);
          buffer.order(
              type instanceof OrderedDataType ordered
                  ? ordered.getByteOrder()
                  : ByteOrder.LITTLE_ENDIAN);
          boolean brain = named || type instanceof StringData;
          return numbers(path, type, brain, buffer, Math.toIntExact(length))
              .reshape(shape.length == 0 ? new long[] {1} : shape);
        });
  }

  private static INDArray numbers(
      String path, DataType type, boolean brain, ByteBuffer buffer, int length) {
    if (type instanceof FloatingPoint && type.getSize() == Double.BYTES) {
      double[] numbers = new double[length];
      buffer.asDoubleBuffer().get(numbers);
      return Nd4j.createFromArray(numbers);
    }
    float[] numbers = new float[length];
    if (type instanceof FloatingPoint && type.getSize() == Float.BYTES) {
      buffer.asFloatBuffer().get(numbers);
    } else if (type.getSize() == Short.BYTES && (brain || type instanceof FloatingPoint)) {
      boolean wide = brain || ((FloatingPoint) type).getExponentSize() == Byte.SIZE;
      for (int i = 0; i < length; i++) {
        short half = buffer.getShort();
        numbers[i] = wide ? Float.intBitsToFloat(half << Short.SIZE) : OnnxTensors.half(half);
      }
    } else {
      throw new HdfException(
          "dataset %s is of %s of %d bytes; expected floating point numbers"
              .formatted(path, type.getClass().getSimpleName(), type.getSize()));
    }
    return Nd4j.createFromArray(numbers);
  }

  private ByteBuffer content(ObjectHeader header, Dataset dataset) {
    if (dataset instanceof ChunkedDataset chunked) {
      return assembled(header, chunked);
    }
    if (dataset instanceof DatasetBase base) {
      ByteBuffer buffer = base.getDataBuffer();
      return buffer.slice();
    }
    throw new HdfException("dataset %s is of an unknown layout".formatted(dataset.getName()));
  }

  /** The chunks of a dataset put together, in its row order. */
  private ByteBuffer assembled(ObjectHeader header, ChunkedDataset dataset) {
    int[] shape = dataset.getDimensions();
    int[] chunk = dataset.getChunkDimensions();
    int size = dataset.getDataType().getSize();
    long length = Arrays.stream(chunk).asLongStream().reduce(size, Math::multiplyExact);
    if (shape.length == 0
        || chunk.length != shape.length
        || Arrays.stream(chunk).anyMatch(n -> n < 1)) {
      throw new HdfException(
          "shape %s in chunks of %s".formatted(Arrays.toString(shape), Arrays.toString(chunk)));
    }
    storage.claim(length);
    boolean deflated = isDeflated(header);
    byte[] whole = new byte[Math.toIntExact(dataset.getSizeInBytes())];
    int[] offset = new int[shape.length];
    do {
      if (deflated) {
        checkInflated(dataset.getRawChunkBuffer(offset), length);
      }
      copy(dataset.getDecompressedChunk(offset), chunk, offset, shape, size, whole);
    } while (next(offset, chunk, shape));
    return ByteBuffer.wrap(whole);
  }

  private static boolean isDeflated(ObjectHeader header) {
    boolean deflated = false;
    for (FilterPipelineMessage pipeline : header.getMessagesOfType(FilterPipelineMessage.class)) {
      for (FilterPipelineMessage.FilterInfo filter : pipeline.getFilters()) {
        int id = filter.getId();
        if (id != DEFLATE && id != SHUFFLE && id != FLETCHER32) {
          throw new HdfException(
              "filter %d of a dataset; supported are gzip, shuffle and fletcher32".formatted(id));
        }
        deflated |= id == DEFLATE;
      }
    }
    return deflated;
  }

  /** A few compressed bytes may stand for very many. */
  private static void checkInflated(ByteBuffer raw, long length) {
    Inflater inflater = new Inflater();
    try {
      inflater.setInput(raw);
      byte[] piece = new byte[1 << 13];
      long inflated = 0;
      for (int n = inflater.inflate(piece); n > 0; n = inflater.inflate(piece)) {
        inflated += n;
        if (inflated > length) {
          throw new HdfException("a chunk of more than its %d bytes".formatted(length));
        }
      }
    } catch (DataFormatException e) {
      throw new HdfException("a chunk that is not compressed as it says: " + e.getMessage(), e);
    } finally {
      inflater.end();
    }
  }

  /** Rows of a chunk, as far as they lie inside the dataset. */
  private static void copy(
      byte[] from, int[] chunk, int[] offset, int[] shape, int size, byte[] to) {
    int last = shape.length - 1;
    int row = Math.min(chunk[last], shape[last] - offset[last]) * size;
    int rows = Arrays.stream(chunk, 0, last).reduce(1, Math::multiplyExact);
    for (int i = 0; i < rows; i++) {
      int rest = i;
      int target = offset[last];
      int stride = shape[last];
      boolean inside = true;
      for (int axis = last - 1; axis >= 0; axis--) {
        int at = offset[axis] + rest % chunk[axis];
        rest /= chunk[axis];
        inside &= at < shape[axis];
        target += at * stride;
        stride *= shape[axis];
      }
      if (inside) {
        System.arraycopy(from, i * chunk[last] * size, to, target * size, row);
      }
    }
  }

  private static boolean next(int[] offset, int[] chunk, int[] shape) {
    for (int axis = shape.length - 1; axis >= 0; axis--) {
      offset[axis] += chunk[axis];
      if (offset[axis] < shape[axis]) {
        return true;
      }
      offset[axis] = 0;
    }
    return false;
  }

  private long root(Superblock superblock) {
    if (superblock instanceof SuperblockV0V1 old) {
      return new SymbolTableEntry(storage, old.getRootGroupSymbolTableAddress())
          .getObjectHeaderAddress();
    }
    return ((SuperblockV2V3) superblock).getRootGroupObjectHeaderAddress();
  }

  private record Place(String path, long address) {}

  /** Each object once, even where several links lead to it. */
  private void walk(long root) {
    Deque<Place> open = new ArrayDeque<>(List.of(new Place("", root)));
    Set<Long> seen = new HashSet<>();
    while (!open.isEmpty()) {
      Place place = open.pop();
      if (!seen.add(place.address)) {
        continue;
      }
      ObjectHeader header = ObjectHeader.readObjectHeader(storage, place.address);
      if (header.hasMessageOfType(DataSpaceMessage.class)) {
        datasets.put(place.path, place.address);
      } else {
        groups.put(place.path, place.address);
        children(header)
            .forEach(
                (name, address) ->
                    open.push(
                        new Place(place.path.isEmpty() ? name : place.path + '/' + name, address)));
      }
    }
  }

  /** What a group links to in this file; links by path and into other files are not followed. */
  private Map<String, Long> children(ObjectHeader header) {
    Map<String, Long> children = new LinkedHashMap<>();
    if (header.hasMessageOfType(SymbolTableMessage.class)) {
      SymbolTableMessage table = header.getMessageOfType(SymbolTableMessage.class);
      ByteBuffer names = new LocalHeap(storage, table.getLocalHeapAddress()).getDataBuffer();
      BTreeV1 tree = BTreeV1.createGroupBTree(storage, table.getBTreeAddress());
      for (long node : tree.getChildAddresses()) {
        for (SymbolTableEntry entry :
            new GroupSymbolTableNode(storage, node).getSymbolTableEntries()) {
          if (entry.getCacheType() != 2) {
            names.position(entry.getLinkNameOffset());
            children.put(Utils.readUntilNull(names), entry.getObjectHeaderAddress());
          }
        }
      }
      return children;
    }
    for (LinkInfoMessage info : header.getMessagesOfType(LinkInfoMessage.class)) {
      if (info.getFractalHeapAddress() != -1) {
        throw new HdfException(
            "a group of the kind that HDF5 writes with libver='latest'; supported is the default");
      }
    }
    for (LinkMessage link : header.getMessagesOfType(LinkMessage.class)) {
      if (link.getLinkType() == LinkMessage.LinkType.HARD) {
        children.put(link.getLinkName(), link.getHardLinkAddress());
      }
    }
    return children;
  }

  /** What jhdf is asked for. */
  @FunctionalInterface
  private interface Reading<T> {
    T read();
  }

  /** jhdf reports damaged contents by exceptions of many kinds, and recurses as deep as a file. */
  private static <T> T guarded(String origin, Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (RuntimeException | StackOverflowError e) {
      throw new IOException("%s is not a whole HDF5 file: %s".formatted(origin, reason(e)), e);
    }
  }

  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause instanceof StackOverflowError
        ? "its structures lead in circles"
        : String.valueOf(cause.getMessage());
  }

  /**
   * The bytes of a file as jhdf reads them: slices, never copies, and no more of them than a sound
   * file needs, since structures that share their parts could be read for ever.
   */
  private static final class Storage implements HdfBackingStorage {

    private final ByteBuffer bytes;
    private final Superblock superblock;
    private final AtomicLong slices;
    private final AtomicLong read;
    private final AtomicLong claimed;

    Storage(byte[] bytes, Superblock superblock) {
      this.bytes = ByteBuffer.wrap(bytes).asReadOnlyBuffer();
      this.superblock = superblock;
      this.slices = new AtomicLong(10_000 + bytes.length / 8);
      this.read = new AtomicLong(most(bytes.length));
      this.claimed = new AtomicLong(most(bytes.length));
    }

    /** Of what is put on the heap for the numbers of the file. */
    void claim(long length) {
      if (length < 0 || claimed.addAndGet(-length) < 0) {
        throw new HdfException("its datasets are of many times its size");
      }
    }

    @Override
    public ByteBuffer readBufferFromAddress(long address, int length) {
      return map(address, length);
    }

    @Override
    public ByteBuffer map(long address, long length) {
      return mapNoOffset(Math.addExact(address, superblock.getBaseAddressByte()), length);
    }

    @Override
    public ByteBuffer mapNoOffset(long address, long length) {
      if (address < 0 || length < 0 || address > bytes.capacity() - length) {
        throw new HdfException(
            "%d bytes at %d of a file of %d".formatted(length, address, bytes.capacity()));
      }
      if (slices.decrementAndGet() < 0 || read.addAndGet(-length) < 0) {
        throw new HdfException("its structures are read again and again");
      }
      return bytes.slice((int) address, (int) length).order(ByteOrder.LITTLE_ENDIAN);
    }

    @Override
    public long getUserBlockSize() {
      return superblock.getBaseAddressByte();
    }

    @Override
    public Superblock getSuperblock() {
      return superblock;
    }

    @Override
    public FileChannel getFileChannel() {
      throw new UnsupportedOperationException("the file is in memory");
    }

    @Override
    public int getSizeOfOffsets() {
      return superblock.getSizeOfOffsets();
    }

    @Override
    public int getSizeOfLengths() {
      return superblock.getSizeOfLengths();
    }

    @Override
    public void close() {}

    @Override
    public long size() {
      return bytes.capacity();
    }

    @Override
    public boolean inMemory() {
      return true;
    }
  }
}
