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

  /** The operator with its domain, where that is not ONNX's own. */
  String key() {
    String domain = proto.getDomain();
    return domain.isEmpty() || domain.equals("ai.onnx") ? operator() : domain + "." + operator();
  }

  /** The node's own name, which files may leave empty. */
  String name() {
    return proto.getName();
  }

  /** The tensor it writes, the first of several. */
  String output() {
    return proto.getOutput(0);
  }

  /** All that it writes; what is left out is not among them. */
  List<String> outputs() {
    return proto.getOutputList().stream().filter(name -> !name.isEmpty()).toList();
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

  double[] numbers(String attribute) {
    AttributeProto a = find(attribute);
    return a == null
        ? new double[0]
        : a.getFloatsList().stream().mapToDouble(Float::doubleValue).toArray();
  }

  String text(String attribute, String otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getS().toStringUtf8();
  }

  long[] integers(String attribute, long... otherwise) {
    AttributeProto a = find(attribute);
    return a == null ? otherwise : a.getIntsList().stream().mapToLong(Long::longValue).toArray();
  }

  /** An axis counted from the front; negative ones are counted from the end. */
  int axis(long axis, int rank) {
    long i = axis < 0 ? axis + rank : axis;
    if (i < 0 || i >= rank) {
      throw unsupported("axis %d of %d axes".formatted(axis, rank));
    }
    return (int) i;
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
        "network %s: node %s, operator %s: %s".formatted(network, label(), key(), reason));
  }

  /** What messages call it: its name or, without one, what it writes. */
  private String label() {
    return name().isEmpty() ? String.join(", ", outputs()) : name();
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
