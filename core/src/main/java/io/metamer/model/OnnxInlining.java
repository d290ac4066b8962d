package io.metamer.model;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.FunctionProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import org.nd4j.shade.protobuf.ByteString;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;

/**
 * The nodes of a model whose file may define functions: each call of one becomes the nodes that it
 * stands for.
 */
final class OnnxInlining {

  /** How deep functions may call one another. */
  private static final int DEEPEST = 32;

  /** How many bytes the nodes may take that calls become, or how many times the file's. */
  private static final long ROOM = 16L << 20;

  private static final long ROOM_OF_FILE = 16;

  /** Attributes with defaults, a field of functions that is newer than the classes that read it. */
  private static final int DEFAULTS_FIELD = 11;

  private final String network;
  private final Map<String, FunctionProto> functions = new HashMap<>();
  private final List<OnnxNode> nodes = new ArrayList<>();

  private long room;

  private OnnxInlining(String network, long bytes) {
    this.network = network;
    this.room = Math.max(ROOM, ROOM_OF_FILE * bytes);
  }

  /**
   * Lists the nodes of a model.
   *
   * @param network the network's name, for messages
   * @param opset of the model; functions have their own
   * @throws IOException if a function is damaged
   * @throws UnsupportedModelException if functions call themselves, or become a great many nodes
   */
  static List<OnnxNode> nodes(ModelProto model, String network, int opset) throws IOException {
    OnnxInlining inlining = new OnnxInlining(network, model.getSerializedSize());
    for (FunctionProto function : model.getFunctionsList()) {
      inlining.functions.put(key(function.getDomain(), function.getName()), function);
    }
    for (NodeProto node : model.getGraph().getNodeList()) {
      inlining.add(node, opset, 0);
    }
    return inlining.nodes;
  }

  private static String key(String domain, String name) {
    return domain + "\n" + name;
  }

  private void add(NodeProto node, int opset, int depth) throws IOException {
    FunctionProto function = functions.get(key(node.getDomain(), node.getOpType()));
    if (function == null) {
      nodes.add(new OnnxNode(network, node, opset));
      return;
    }
    if (depth == DEEPEST || room < 0) {
      throw new OnnxNode(network, node, opset)
          .unsupported("of functions that call one another without end");
    }
    Map<String, String> names = new HashMap<>();
    for (int i = 0; i < function.getInputCount(); i++) {
      names.put(function.getInput(i), i < node.getInputCount() ? node.getInput(i) : "");
    }
    String inside = node.getOutputCount() > 0 ? node.getOutput(0) + "/" : "/";
    for (int i = 0; i < function.getOutputCount(); i++) {
      String given = i < node.getOutputCount() ? node.getOutput(i) : "";
      names.put(function.getOutput(i), given.isEmpty() ? inside + function.getOutput(i) : given);
    }
    Map<String, AttributeProto> attributes = defaults(function);
    node.getAttributeList().forEach(a -> attributes.put(a.getName(), a));
    long own = OnnxModel.opset(function.getOpsetImportList());
    for (NodeProto called : function.getNodeList()) {
      NodeProto.Builder copy = called.toBuilder().clearInput().clearOutput().clearAttribute();
      copy.setName(called.getName().isEmpty() ? "" : inside + called.getName());
      called.getInputList().forEach(name -> copy.addInput(name(names, inside, name)));
      called.getOutputList().forEach(name -> copy.addOutput(name(names, inside, name)));
      for (AttributeProto attribute : called.getAttributeList()) {
        AttributeProto given = attributes.get(attribute.getRefAttrName());
        if (attribute.getRefAttrName().isEmpty()) {
          copy.addAttribute(attribute);
        } else if (given != null) {
          copy.addAttribute(given.toBuilder().setName(attribute.getName()));
        }
      }
      NodeProto inlined = copy.build();
      room -= inlined.getSerializedSize();
      add(inlined, own > 0 && own <= Integer.MAX_VALUE ? (int) own : opset, depth + 1);
    }
  }

  private static String name(Map<String, String> names, String inside, String name) {
    return name.isEmpty() ? "" : names.getOrDefault(name, inside + name);
  }

  private static Map<String, AttributeProto> defaults(FunctionProto function) throws IOException {
    Map<String, AttributeProto> attributes = new HashMap<>();
    try {
      for (ByteString bytes :
          function.getUnknownFields().getField(DEFAULTS_FIELD).getLengthDelimitedList()) {
        AttributeProto attribute = AttributeProto.parseFrom(bytes);
        attributes.put(attribute.getName(), attribute);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IOException(
          "function %s has damaged defaults: %s".formatted(function.getName(), e.getMessage()), e);
    }
    return attributes;
  }
}
