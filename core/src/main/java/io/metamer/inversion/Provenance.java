package io.metamer.inversion;

import io.metamer.model.ModelId;
import io.metamer.network.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where a result came from: enough to make it again on the same machine.
 *
 * @param model the network, its hash and layer
 * @param targetsSha256 SHA-256 of the targets' values as little-endian float32 in row order
 * @param seedsSha256 the same of the seeds, before clipping; of the best of several searches the
 *     SHA-256 of their hashes as text, one after the other
 * @param type FLOAT or DOUBLE
 * @param versions Metamer, Java, the engine that runs networks, and the ND4J backend with its
 *     number of threads
 * @param started when the search began
 * @param seconds how long it took
 * @since 0.1
 */
public record Provenance(
    ModelId model,
    String targetsSha256,
    String seedsSha256,
    String type,
    String versions,
    Instant started,
    double seconds) {

  static Provenance of(ModelId model, INDArray targets, INDArray seeds, Instant started) {
    return new Provenance(
        model,
        sha256(targets),
        sha256(seeds),
        targets.dataType().name(),
        runtime(),
        started,
        Duration.between(started, Instant.now()).toNanos() * 1e-9);
  }

  /** Of what was chosen from several searches, the first of which tells what they share. */
  static Provenance of(List<Provenance> searches) {
    Provenance first = searches.get(0);
    StringBuilder hashes = new StringBuilder();
    double seconds = 0;
    for (Provenance search : searches) {
      hashes.append(search.seedsSha256);
      seconds += search.seconds;
    }
    return new Provenance(
        first.model,
        first.targetsSha256,
        sha256(hashes.toString().getBytes(StandardCharsets.US_ASCII)),
        first.type,
        first.versions,
        first.started,
        seconds);
  }

  /**
   * What searches in this process: on one machine, the same gives the same bits.
   *
   * @return Metamer, Java, the engine, and the ND4J backend with its number of threads, each with
   *     its version where it has one
   */
  public static String runtime() {
    return "Metamer %s, Java %s, engine %s, %s with %d threads"
        .formatted(
            version(),
            System.getProperty("java.version"),
            Engine.preferred().name(),
            Nd4j.getBackend().getClass().getSimpleName(),
            Nd4j.getEnvironment().maxMasterThreads());
  }

  private static String version() {
    try (InputStream file = Provenance.class.getResourceAsStream("version.txt")) {
      return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8)
          .strip();
    } catch (IOException e) {
      throw new UncheckedIOException("the library's own version.txt cannot be read", e);
    }
  }

  private static String sha256(INDArray array) {
    float[] values = array.dup('c').reshape(array.length()).toFloatVector();
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return sha256(bytes.array());
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
