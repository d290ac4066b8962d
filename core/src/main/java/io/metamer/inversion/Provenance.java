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
import java.util.Objects;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where a result came from: enough to make it again on the same machine.
 *
 * @param model the network, its hash and layer
 * @param targetsSha256 SHA-256 of the targets' values as little-endian float32 in row order
 * @param seedsSha256 the same of the seeds, before clipping
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

  private static String runtime() {
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
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }
}
