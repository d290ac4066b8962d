package io.metamer.network;

import java.util.List;

/**
 * An immutable frozen network: nodes in an order in which each comes after those it reads, and the
 * names of those whose outputs are wanted.
 *
 * @param nodes the nodes; the first and only the first is the {@link Node.Input}
 * @param outputs names of nodes
 * @since 0.1
 */
public record Graph(List<Node> nodes, List<String> outputs) {}
