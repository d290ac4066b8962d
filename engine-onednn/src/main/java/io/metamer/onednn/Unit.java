package io.metamer.onednn;

import java.util.List;

/**
 * One or more nodes that are computed together.
 *
 * @param name the last node's
 * @param inputs the values it reads
 * @param operation what is computed
 */
record Unit(String name, List<String> inputs, Operation operation) {}
