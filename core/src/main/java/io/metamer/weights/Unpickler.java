package io.metamer.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads Python's pickles, protocols 2 to 5, without Python: a machine with a stack and a memo that
 * makes numbers, text and containers. What else a pickle asks for goes to {@link Objects}, a closed
 * table; no class is ever looked up and nothing is executed.
 *
 * <p>None becomes null; whole numbers {@link Long} or {@link BigInteger}; text {@link String};
 * bytes {@code byte[]}; lists {@link List}; tuples {@code Object[]}; dictionaries {@link Pairs};
 * sets {@link #NO_TENSOR}.
 *
 * @see "pickletools.py in CPython describes each instruction"
 */
final class Unpickler {

  /** Something that is read and of no interest: it holds no tensors. */
  static final Object NO_TENSOR = "no tensor".toCharArray();

  /** The longest pickle that is read; the numbers of tensors are not in it. */
  static final long MAX_BYTES = 1L << 26;

  /** The most instructions that are followed; each may make one object of some 30 bytes. */
  static final int MAX_INSTRUCTIONS = 4_000_000;

  /** The widest whole number, in bytes. */
  private static final int MAX_NUMBER = 64;

  private static final int LONGEST_LINE = 4096;

  /** What a pickle asks for beyond numbers, text and containers. */
  interface Objects {

    /**
     * A class or function.
     *
     * @throws IOException if it is not in the table
     */
    Object global(String module, String name) throws IOException;

    /** What such a function returns. */
    @Nullable Object call(@Nullable Object function, @Nullable Object[] arguments)
        throws IOException;

    /** What the pickle keeps outside of itself: a storage. */
    Object persistent(@Nullable Object id) throws IOException;

    /** An object that is given a state. */
    @Nullable Object build(@Nullable Object object, @Nullable Object state) throws IOException;
  }

  /** A dictionary: its keys and values in the order in which they were put. */
  static final class Pairs {

    /** Keys and values in turn. */
    private @Nullable List<@Nullable Object> items;

    void put(@Nullable Object key, @Nullable Object value) {
      if (items == null) {
        items = new ArrayList<>(4);
      }
      items.add(key);
      items.add(value);
    }

    int size() {
      return items == null ? 0 : items.size() / 2;
    }

    @Nullable Object key(int i) {
      return items == null ? null : items.get(2 * i);
    }

    @Nullable Object value(int i) {
      return items == null ? null : items.get(2 * i + 1);
    }
  }

  private final InputStream in;
  private final Objects objects;
  private long left;
  private final List<@Nullable Object> stack = new ArrayList<>();
  private final List<Integer> marks = new ArrayList<>();
  private final List<@Nullable Object> memo = new ArrayList<>();

  private Unpickler(InputStream in, long bytes, Objects objects) {
    this.in = in;
    this.left = Math.min(bytes, MAX_BYTES);
    this.objects = objects;
  }

  /**
   * Reads one pickle.
   *
   * @param in buffered; stands behind the pickle afterwards
   * @param bytes how many there are at most
   */
  static @Nullable Object read(InputStream in, long bytes, Objects objects) throws IOException {
    Unpickler machine = new Unpickler(in, bytes, objects);
    for (int i = 0; i < MAX_INSTRUCTIONS; i++) {
      int instruction = machine.unsigned();
      if (instruction == '.') {
        return machine.pop();
      }
      machine.follow(instruction);
    }
    throw new IOException("its pickle has more than %d instructions".formatted(MAX_INSTRUCTIONS));
  }

  private void follow(int instruction) throws IOException {
    switch (instruction) {
      case 0x80 -> protocol(unsigned()); // PROTO
      case 0x95 -> skip(8); // FRAME, a hint
      case '(' -> marks.add(stack.size());
      case '0' -> pop();
      case '1' -> toMark(); // POP_MARK
      case '2' -> push(top()); // DUP
      // Numbers.
      case 'N' -> push(null);
      case 0x88 -> push(true);
      case 0x89 -> push(false);
      case 'J' -> push((long) numbers(4).getInt()); // BININT
      case 'K' -> push((long) unsigned()); // BININT1
      case 'M' -> push((long) Short.toUnsignedInt(numbers(2).getShort())); // BININT2
      case 0x8a -> push(whole(unsigned())); // LONG1
      case 0x8b -> push(whole(numbers(4).getInt())); // LONG4
      case 'G' -> push(ByteBuffer.wrap(bytes(8)).getDouble()); // BINFLOAT, big endian
      // Text and bytes.
      case 0x8c, 'U' -> push(text(unsigned())); // SHORT_BINUNICODE, SHORT_BINSTRING
      case 'X', 'T' -> push(text(length(4))); // BINUNICODE, BINSTRING
      case 0x8d -> push(text(length(8))); // BINUNICODE8
      case 'C' -> push(bytes(unsigned())); // SHORT_BINBYTES
      case 'B' -> push(bytes(length(4))); // BINBYTES
      case 0x8e, 0x96 -> push(bytes(length(8))); // BINBYTES8, BYTEARRAY8
      // Containers.
      case ']' -> push(new ArrayList<>(0));
      case 'l' -> push(toMark()); // LIST
      case 'a' -> { // APPEND
        List<@Nullable Object> item = Arrays.asList(last(1));
        append(item);
      }
      case 'e' -> append(toMark()); // APPENDS
      case ')' -> push(new Object[0]);
      case 0x85 -> push(last(1)); // TUPLE1
      case 0x86 -> push(last(2));
      case 0x87 -> push(last(3));
      case 't' -> push(toMark().toArray()); // TUPLE
      case '}' -> push(new Pairs());
      case 'd' -> push(put(new Pairs(), toMark())); // DICT
      case 's' -> { // SETITEM
        List<@Nullable Object> pair = Arrays.asList(last(2));
        put(dictionary(), pair);
      }
      case 'u' -> { // SETITEMS
        List<@Nullable Object> items = toMark();
        put(dictionary(), items);
      }
      case 0x8f -> push(NO_TENSOR); // EMPTY_SET
      case 0x90 -> toMark(); // ADDITEMS
      case 0x91 -> { // FROZENSET
        toMark();
        push(NO_TENSOR);
      }
      // The memo.
      case 'q' -> remember(unsigned()); // BINPUT
      case 'r' -> remember(numbers(4).getInt()); // LONG_BINPUT
      case 0x94 -> remember(memo.size()); // MEMOIZE
      case 'h' -> push(recalled(unsigned())); // BINGET
      case 'j' -> push(recalled(numbers(4).getInt())); // LONG_BINGET
      // Objects.
      case 'c' -> push(objects.global(line(), line()));
      case 0x93 -> { // STACK_GLOBAL
        @Nullable Object[] names = last(2);
        if (!(names[0] instanceof String module && names[1] instanceof String name)) {
          throw damaged("a class without a name");
        }
        push(objects.global(module, name));
      }
      case 'Q' -> push(objects.persistent(pop())); // BINPERSID
      case 'R', 0x81 -> { // REDUCE, NEWOBJ
        @Nullable Object[] call = last(2);
        if (!(call[1] instanceof Object[] arguments)) {
          throw damaged("a call without arguments");
        }
        push(objects.call(call[0], arguments));
      }
      case 'b' -> { // BUILD
        @Nullable Object[] pair = last(2);
        push(objects.build(pair[0], pair[1]));
      }
      default ->
          throw new IOException(
              ("its pickle has the instruction 0x%02x; supported are those of protocols 2 to 5 that"
                      + " make numbers, text, containers and tensors")
                  .formatted(instruction));
    }
  }

  private static void protocol(int version) throws IOException {
    if (version < 2 || version > 5) {
      throw new IOException(
          "its pickle is of protocol %d; supported are 2 to 5".formatted(version));
    }
  }

  // The stack.

  private void push(@Nullable Object object) {
    stack.add(object);
  }

  private @Nullable Object pop() throws IOException {
    Object top = top();
    stack.remove(stack.size() - 1);
    return top;
  }

  private @Nullable Object top() throws IOException {
    int bottom = marks.isEmpty() ? 0 : marks.get(marks.size() - 1);
    if (stack.size() <= bottom) {
      throw damaged("nothing on its stack");
    }
    return stack.get(stack.size() - 1);
  }

  /** The last objects, taken off. */
  private @Nullable Object[] last(int count) throws IOException {
    @Nullable Object[] last = new @Nullable Object[count];
    for (int i = count - 1; i >= 0; i--) {
      last[i] = pop();
    }
    return last;
  }

  /** The objects down to the last mark, taken off with it. */
  private List<@Nullable Object> toMark() throws IOException {
    if (marks.isEmpty()) {
      throw damaged("no mark on its stack");
    }
    List<@Nullable Object> above = stack.subList(marks.remove(marks.size() - 1), stack.size());
    List<@Nullable Object> taken = new ArrayList<>(above);
    above.clear();
    return taken;
  }

  @SuppressWarnings("unchecked") // Lists are made here only, and of objects.
  private void append(List<?> items) throws IOException {
    Object list = top();
    if (!(list instanceof List)) {
      throw damaged("an item for what is no list");
    }
    ((List<Object>) list).addAll(items);
  }

  private Pairs dictionary() throws IOException {
    if (!(top() instanceof Pairs dictionary)) {
      throw damaged("an entry for what is no dictionary");
    }
    return dictionary;
  }

  private static Pairs put(Pairs dictionary, List<@Nullable Object> items) throws IOException {
    if (items.size() % 2 != 0) {
      throw damaged("a key without a value");
    }
    for (int i = 0; i < items.size(); i += 2) {
      dictionary.put(items.get(i), items.get(i + 1));
    }
    return dictionary;
  }

  /** Python numbers what it remembers from 0, or from 1, without gaps. */
  private void remember(int index) throws IOException {
    if (index < 0 || index > memo.size() + 1) {
      throw damaged("a gap in its memo");
    }
    while (memo.size() <= index) {
      memo.add(null);
    }
    memo.set(index, top());
  }

  private @Nullable Object recalled(int index) throws IOException {
    if (index < 0 || index >= memo.size()) {
      throw damaged("a recollection of nothing");
    }
    return memo.get(index);
  }

  // The bytes.

  private int unsigned() throws IOException {
    int b = left > 0 ? in.read() : -1;
    if (b < 0) {
      throw cutShort();
    }
    left--;
    return b;
  }

  private ByteBuffer numbers(int count) throws IOException {
    return ByteBuffer.wrap(bytes(count)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private long length(int width) throws IOException {
    ByteBuffer number = numbers(width);
    return width == 4 ? Integer.toUnsignedLong(number.getInt()) : number.getLong();
  }

  private byte[] bytes(long count) throws IOException {
    if (count < 0 || count > left) {
      throw cutShort();
    }
    left -= count;
    byte[] bytes = new byte[(int) count];
    if (in.readNBytes(bytes, 0, bytes.length) < bytes.length) {
      throw cutShort();
    }
    return bytes;
  }

  private void skip(int count) throws IOException {
    bytes(count);
  }

  private String text(long length) throws IOException {
    return new String(bytes(length), StandardCharsets.UTF_8);
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = unsigned(); c != '\n'; c = unsigned()) {
      if (line.length() == LONGEST_LINE) {
        throw damaged("a name of more than %d letters".formatted(LONGEST_LINE));
      }
      line.append((char) c);
    }
    return line.toString();
  }

  /** A whole number of so many bytes, the lowest first. */
  private Number whole(int width) throws IOException {
    if (width < 0 || width > MAX_NUMBER) {
      throw damaged("a number of %d bytes".formatted(width));
    }
    byte[] bytes = bytes(width);
    for (int i = 0; i < width / 2; i++) {
      byte swapped = bytes[i];
      bytes[i] = bytes[width - 1 - i];
      bytes[width - 1 - i] = swapped;
    }
    BigInteger number = width == 0 ? BigInteger.ZERO : new BigInteger(bytes);
    return number.bitLength() < Long.SIZE ? (Number) number.longValue() : number;
  }

  private static EOFException cutShort() {
    return new EOFException(
        "its pickle ends in the middle, or is of more than %d bytes".formatted(MAX_BYTES));
  }

  static IOException damaged(String what) {
    return new IOException("its pickle has %s: it is damaged".formatted(what));
  }
}
