package io.metamer.onednn;

import io.metamer.network.Engine;
import io.metamer.network.Graph;
import io.metamer.network.Node;
import io.metamer.network.Node.Activation.Function;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The operation of each node of a graph: oneDNN's where it has the same, or the other engine's. */
final class Operations {

  private final Graph graph;
  private final int batch;
  private final Layouts layouts;
  private final Set<String> varying;
  private final Engine other;
  private final OneDnnNetwork.Others others;

  Operations(
      Graph graph,
      int batch,
      Layouts layouts,
      Set<String> varying,
      Engine other,
      OneDnnNetwork.Others others) {
    this.graph = graph;
    this.batch = batch;
    this.layouts = layouts;
    this.varying = varying;
    this.other = other;
    this.others = others;
  }

  Operation of(Node.Convolution node, boolean residual, @Nullable Function function) {
    return new Convolution(
        node, shape(node.input()), shape(node.name()), residual, Relu.of(function), layouts);
  }

  Operation of(Node.Affine node, Function function) {
    return new Arithmetic.Affine(node, Relu.of(function), layouts);
  }

  Operation of(Node node) {
    Operation own = own(node);
    if (own != null) {
      return own;
    }
    return new Fallback(node, graph, batch, varying, other, others);
  }

  private @Nullable Operation own(Node node) {
    if (node instanceof Node.Convolution c) {
      return of(c, false, null);
    }
    if (node instanceof Node.Dense d) {
      return new Products.Dense(d);
    }
    if (node instanceof Node.Affine a) {
      return new Arithmetic.Affine(a, Relu.NONE, layouts);
    }
    if (node instanceof Node.Activation a) {
      return Activations.of(a);
    }
    if (node instanceof Node.Pool p) {
      return Pooling.of(p, shape(p.input()), shape(p.name()), layouts);
    }
    if (node instanceof Node.Reduce r) {
      return Pooling.of(r, shape(r.input()), layouts);
    }
    if (node instanceof Node.Add a) {
      return sameShapes(a) ? new Arithmetic.Add() : null;
    }
    if (node instanceof Node.Multiply m) {
      return product(m);
    }
    if (node instanceof Node.Concat c) {
      return new Parts.Concat(c.axis() + 1, shape(c.name()), layouts);
    }
    if (node instanceof Node.Transpose t) {
      return new Parts.Transpose(t.axes(), shape(t.name()));
    }
    if (node instanceof Node.Reshape r) {
      return new Parts.Reshape(shape(r.input()), shape(r.name()));
    }
    return null;
  }

  private @Nullable Operation product(Node.Multiply node) {
    if (node.inputs().size() != 2) {
      return null;
    }
    if (sameShapes(node)) {
      return new Arithmetic.Multiply();
    }
    long[] shape = graph.shape(node.name());
    for (int maps = 0; shape.length == 3 && maps < 2; maps++) {
      if (Arrays.equals(graph.shape(node.inputs().get(maps)), shape)
          && Arrays.equals(graph.shape(node.inputs().get(1 - maps)), new long[] {shape[0], 1, 1})) {
        return new Arithmetic.Scale(maps, layouts);
      }
    }
    return null;
  }

  private boolean sameShapes(Node node) {
    return node.inputs().stream()
        .allMatch(input -> Arrays.equals(graph.shape(input), graph.shape(node.name())));
  }

  private long[] shape(String name) {
    return Layouts.batched(batch, graph.shape(name));
  }
}
