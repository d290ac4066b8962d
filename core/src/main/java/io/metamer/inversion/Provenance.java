package io.metamer.inversion;

import io.metamer.model.ModelId;
import java.time.Instant;

/**
 * Where a result came from: enough to make it again on the same machine.
 *
 * @param model the network, its hash and layer
 * @param targetsSha256 SHA-256 of the targets' values, little-endian, in row order
 * @param seedsSha256 the same of the seeds, before clipping
 * @param type FLOAT or DOUBLE
 * @param versions Metamer, Java, and the ND4J backend with its number of threads
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
    double seconds) {}
