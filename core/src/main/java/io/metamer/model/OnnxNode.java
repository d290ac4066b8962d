package io.metamer.model;

import java.util.List;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.NodeProto;
import org.jspecify.annotations.Nullable;

/**
 * A node of an ONNX file, with its attributes by name.
 *
 * @param network the network's name, for messages
 * @param proto the node
 * @param opset the version of the operators
 */
record OnnxNode(String network, NodeProto proto, int opset) {

  String operator() {
    return proto.getOpType();
  }

  /** The node's own name, which files may leave empty. */
  String name() {
    return proto.getName();
  }

  /** The tensor it writes. */
  String output() {
    return proto.getOutput(0);
  }

  List<String> inputs() {
    return proto.getInputList();
  }

  /** The name of an input, or the empty one where it is left out. */
  String input(int i) {
    return i < proto.getInputCount() ? proto.getInput(i) : "";
  }

  boolean has(String attribute) {
    return find(attribute) != null;
  }

  long integer(String attribute, long otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getI();
  }

  double number(String attribute, double otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getF();
  }

  String text(String attribute, String otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getS().toStringUtf8();
  }

  long[] integers(String attribute, long... otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getIntsList().stream().mapToLong(Long::longValue).toArray();
  }

  AttributeProto attribute(String attribute) {
    AttributeProto a = find(attribute);
    if (a == null) {
      throw unsupported("the attribute " + attribute + " is missing");
    }
    return a;
  }

  /** The refusal of this node. */
  UnsupportedModelException unsupported(String reason) {
    return new UnsupportedModelException(
        "network %s: node %s, operator %s%s: %s"
            .formatted(
                network,
                name().isEmpty() ? output() : name(),
                proto.getDomain().isEmpty() ? "" : proto.getDomain() + ".",
                operator(),
                reason));
  }

  private @Nullable AttributeProto find(String attribute) {
    for (AttributeProto a : proto.getAttributeList()) {
      if (a.getName().equals(attribute)) {
        return a;
      }
    }
    return null;
  }
}
