package io.metamer.studies;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The folder of a study.
 *
 * <p>A chunk is written into a hidden folder beside its place, forced to the disk, and renamed: it
 * is there as a whole or not at all. Whoever writes holds a lock, which the operating system frees
 * when the process ends, however it ends.
 */
final class StudyFolder {

  /** The description. */
  static final String DESCRIPTION = "study.yaml";

  /** One row for each image that was found. */
  static final String RESULTS = "results.csv";

  /** The folder of what judges found. */
  static final String MEASURED = "measured";

  /** All of it on a page. */
  static final String REPORT = "report.html";

  /** What a chunk says of itself. */
  static final String CHUNK = "chunk.json";

  /** When and how long a chunk was computed: all that differs when it is computed again. */
  static final String TIMES = "times.json";

  private static final String LOCK = ".lock";
  private static final String BEGUN = ".begun-";

  private static final int DEPTH_OF_CHUNKS = 4;
  private static final Pattern CHUNKS = Pattern.compile("chunk-\\d{3,}-[0-9a-f]{8}");

  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path top;

  StudyFolder(Path top) {
    this.top = top;
  }

  Path at(Chunk chunk) {
    return top.resolve(chunk.folder());
  }

  /** The PNG files of a chunk, in its order. */
  List<Path> images(Chunk chunk, ObjectNode said) {
    List<Path> files = new ArrayList<>();
    said.path("images").forEach(image -> files.add(at(chunk).resolve(image.path("file").asText())));
    return files;
  }

  /** Refuses a folder of somebody else's files. */
  void check() throws IOException {
    if (Files.exists(top) && !Files.exists(top.resolve(LOCK)) && !isEmpty()) {
      throw new IOException(
          "%s holds files that no study wrote; name a new or an empty folder".formatted(top));
    }
  }

  /**
   * Makes the folder, unless it is there, and keeps other processes from writing to it.
   *
   * @return frees it when closed
   * @throws IOException if somebody else has it, or it holds what no study wrote
   */
  Lock lock() throws IOException {
    check();
    Files.createDirectories(top);
    FileChannel channel =
        FileChannel.open(top.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Another thread of this process has it.
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    if (lock == null) {
      throw new IOException("%s is being written to by another run of a study".formatted(top));
    }
    return channel::close;
  }

  /** A lock that is held until closed. */
  interface Lock extends AutoCloseable {
    @Override
    void close() throws IOException;
  }

  /** What a chunk says of itself, if it is there as a whole. */
  Optional<ObjectNode> read(Chunk chunk) throws IOException {
    Path folder = at(chunk);
    JsonNode said;
    try {
      said = JSON.readTree(Files.readAllBytes(folder.resolve(CHUNK)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JsonProcessingException e) {
      // Damaged after it was written: it is made again.
      return Optional.empty();
    }
    boolean whole =
        said instanceof ObjectNode
            && said.path("key").asText().equals(chunk.key())
            && said.path("files").isArray();
    for (JsonNode file : said.path("files")) {
      whole = whole && Files.isRegularFile(folder.resolve(file.asText()));
    }
    return whole ? Optional.of((ObjectNode) said) : Optional.empty();
  }

  /** Writes a chunk, in place of what may be left of it. */
  void write(Chunk chunk, Map<String, byte[]> files) throws IOException {
    Path place = at(chunk);
    Path begun = place.resolveSibling(BEGUN + place.getFileName());
    delete(begun);
    createFolders(begun);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      writeForced(begun.resolve(file.getKey()), file.getValue());
    }
    forceFolder(begun);
    delete(place);
    Files.move(begun, place, StandardCopyOption.ATOMIC_MOVE);
    forceFolder(begun.resolveSibling(""));
  }

  /** Writes a file beside the networks' folders, or in one of its own, whole or not at all. */
  void write(String name, byte[] bytes) throws IOException {
    Path place = top.resolve(name);
    Path begun = place.resolveSibling(BEGUN + place.getFileName());
    createFolders(begun.resolveSibling(""));
    Files.deleteIfExists(begun);
    writeForced(begun, bytes);
    Files.move(begun, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    forceFolder(begun.resolveSibling(""));
  }

  /** Reads a file that {@link #write(String, byte[])} wrote; nothing if it is not there. */
  Optional<String> read(String name) throws IOException {
    try {
      return Optional.of(Files.readString(top.resolve(name)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (CharacterCodingException e) {
      // Damaged after it was written.
      return Optional.empty();
    }
  }

  /** Deletes what processes that ended too early had begun; to be called under the lock. */
  void clear() throws IOException {
    for (Path begun : named(name -> name.startsWith(BEGUN))) {
      delete(begun);
    }
  }

  /** All chunks in the folder, sorted. */
  List<Path> chunks() throws IOException {
    return named(name -> CHUNKS.matcher(name).matches());
  }

  private List<Path> named(Predicate<String> which) throws IOException {
    List<Path> found = new ArrayList<>();
    if (Files.isDirectory(top)) {
      Files.walkFileTree(top, Set.of(), DEPTH_OF_CHUNKS, new Named(which, found));
    }
    return found.stream().sorted().toList();
  }

  /**
   * Finds files and folders; what vanishes meanwhile, since another run renames it, is passed by.
   */
  private static final class Named extends SimpleFileVisitor<Path> {

    private final Predicate<String> which;
    private final List<Path> found;

    Named(Predicate<String> which, List<Path> found) {
      this.which = which;
      this.found = found;
    }

    @Override
    public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
      return visitFile(folder, attributes);
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      if (which.test(String.valueOf(file.getFileName()))) {
        found.add(file);
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
      if (e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
        throws IOException {
      if (e == null || e instanceof NoSuchFileException) {
        return FileVisitResult.CONTINUE;
      }
      throw e;
    }
  }

  private boolean isEmpty() throws IOException {
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(top)) {
      return !entries.iterator().hasNext();
    }
  }

  /** Makes a folder and those above it that are missing, each forced to the disk by name. */
  private static void createFolders(Path folder) throws IOException {
    Path above = folder.getParent();
    if (!Files.isDirectory(folder) && above != null) {
      createFolders(above);
      Files.createDirectory(folder);
      forceFolder(above);
    }
  }

  private static void writeForced(Path file, byte[] bytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }

  /** Forces the names in a folder to the disk, where the operating system opens folders. */
  private static void forceFolder(Path folder) throws IOException {
    if (folder.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path dir, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(dir);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
