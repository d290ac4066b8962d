package io.metamer.model;

import io.metamer.network.Node.Activation.Function;
import io.metamer.network.Node.Pool;
import io.metamer.network.Node.Reduce.Reduction;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The table of ONNX operators on activations, and how each becomes nodes. What is not in it is
 * refused. An operator of a domain other than ONNX's own has the domain before its name.
 */
final class OnnxOperators {

  /** Adds what a node of the file computes to the graph. */
  @FunctionalInterface
  interface Translator {
    void translate(OnnxNode node, OnnxTranslation to);
  }

  /** What ONNX Runtime's optimizer writes. */
  private static final String FUSED = "com.microsoft.";

  private static final Map<String, Translator> TABLE = new TreeMap<>();

  static {
    // Layers with weights.
    TABLE.put("Conv", OnnxConvolutions::convolution);
    TABLE.put("ConvTranspose", OnnxConvolutions::deconvolution);
    TABLE.put("Gemm", OnnxProducts::gemm);
    TABLE.put("MatMul", OnnxProducts::matMul);
    TABLE.put("Einsum", OnnxEinsum::translate);
    TABLE.put("Attention", OnnxAttention::translate);
    TABLE.put(FUSED + "FusedConv", OnnxConvolutions::fused);
    TABLE.put(FUSED + "FusedGemm", OnnxProducts::gemm);
    TABLE.put(FUSED + "FusedMatMul", OnnxProducts::fusedMatMul);

    // Normalizations.
    TABLE.put("BatchNormalization", OnnxNormalizations::batch);
    TABLE.put("InstanceNormalization", OnnxNormalizations::instance);
    TABLE.put("GroupNormalization", OnnxNormalizations::group);
    TABLE.put("LayerNormalization", OnnxNormalizations::layer);
    TABLE.put("RMSNormalization", OnnxNormalizations::rootMeanSquare);
    TABLE.put("SimplifiedLayerNormalization", OnnxNormalizations::rootMeanSquare);
    TABLE.put("LRN", OnnxNormalizations::localResponse);
    TABLE.put("LpNormalization", OnnxNormalizations::unitNorm);
    TABLE.put("MeanVarianceNormalization", OnnxNormalizations::meanVariance);
    TABLE.put(FUSED + "SkipLayerNormalization", OnnxNormalizations::skipLayer);

    // Functions of each element, and softmax.
    TABLE.put("Relu", OnnxFunctions.each(Function.RELU));
    TABLE.put("LeakyRelu", OnnxFunctions.each(Function.LEAKY_RELU, 0.01));
    TABLE.put("PRelu", OnnxFunctions::prelu);
    TABLE.put("Elu", OnnxFunctions.each(Function.ELU, 1));
    TABLE.put("Selu", OnnxFunctions.each(OnnxFunctions::selu));
    TABLE.put("Celu", OnnxFunctions.each(OnnxFunctions::celu));
    TABLE.put("Sigmoid", OnnxFunctions.each(Function.SIGMOID));
    TABLE.put("HardSigmoid", OnnxFunctions.each(OnnxFunctions::hardSigmoid));
    TABLE.put(
        "HardSwish", OnnxFunctions.each((n, to, name, x) -> to.composites().hardSwish(name, x)));
    TABLE.put("Tanh", OnnxFunctions.each(Function.TANH));
    TABLE.put("Softplus", OnnxFunctions.each(Function.SOFTPLUS));
    TABLE.put("Softsign", OnnxFunctions.each(OnnxFunctions::softsign));
    TABLE.put("Mish", OnnxFunctions.each((n, to, name, x) -> to.composites().mish(name, x)));
    TABLE.put("Gelu", OnnxFunctions.each(OnnxFunctions::gelu));
    TABLE.put(FUSED + "Gelu", OnnxFunctions.each(OnnxFunctions::gelu));
    TABLE.put(FUSED + "BiasGelu", OnnxFunctions.biased(OnnxFunctions::gelu));
    TABLE.put(FUSED + "FastGelu", OnnxFunctions.biased(OnnxFunctions::geluByTanh));
    TABLE.put(FUSED + "QuickGelu", OnnxFunctions.each(OnnxFunctions::quickGelu));
    TABLE.put("Swish", OnnxFunctions.each(OnnxFunctions::swish));
    TABLE.put("Erf", OnnxFunctions.each(Function.ERF));
    TABLE.put("Clip", OnnxFunctions.each(OnnxFunctions::clip));
    TABLE.put("Exp", OnnxFunctions.each(Function.EXP));
    TABLE.put("Log", OnnxFunctions.each(Function.LOG));
    TABLE.put("Sqrt", OnnxFunctions.each(Function.SQRT));
    TABLE.put("Abs", OnnxFunctions.each(Function.ABS));
    TABLE.put("Neg", OnnxFunctions.each(OnnxFunctions::negative));
    TABLE.put("Reciprocal", OnnxFunctions.each(Function.RECIPROCAL));
    TABLE.put("Softmax", OnnxFunctions.softmax(false));
    TABLE.put("LogSoftmax", OnnxFunctions.softmax(true));

    // Arithmetic that broadcasts.
    TABLE.put("Add", OnnxBroadcasting::add);
    TABLE.put("Sum", OnnxBroadcasting::add);
    TABLE.put("Mean", OnnxBroadcasting::mean);
    TABLE.put("Sub", OnnxBroadcasting::subtract);
    TABLE.put("Mul", OnnxBroadcasting::multiply);
    TABLE.put("Div", OnnxBroadcasting::divide);
    TABLE.put("Max", OnnxBroadcasting::maximum);
    TABLE.put("Min", OnnxBroadcasting::minimum);
    TABLE.put("Pow", OnnxBroadcasting::power);
    TABLE.put("Where", OnnxConditions::where);
    TABLE.put("If", (node, to) -> to.branch(node));
    TABLE.put("Greater", OnnxConditions::greater);
    TABLE.put("Less", OnnxConditions::less);
    TABLE.put("GreaterOrEqual", OnnxConditions::greaterOrEqual);
    TABLE.put("LessOrEqual", OnnxConditions::lessOrEqual);
    TABLE.put("And", OnnxBroadcasting::multiply);
    TABLE.put("Or", OnnxBroadcasting::maximum);
    TABLE.put("Not", OnnxFunctions.each(OnnxConditions::not));
    TABLE.put("Sign", OnnxFunctions.each(OnnxConditions::sign));
    TABLE.put("ThresholdedRelu", OnnxFunctions.each(OnnxConditions::thresholded));
    TABLE.put("Shrink", OnnxFunctions.each(OnnxConditions::shrunk));

    // Pooling and reductions.
    TABLE.put("MaxPool", OnnxPooling.pool(Pool.Kind.MAX));
    TABLE.put("AveragePool", OnnxPooling.pool(Pool.Kind.AVERAGE));
    TABLE.put("LpPool", OnnxPooling::norms);
    TABLE.put("GlobalMaxPool", OnnxPooling.global(Reduction.MAX));
    TABLE.put("GlobalAveragePool", OnnxPooling.global(Reduction.MEAN));
    TABLE.put("GlobalLpPool", OnnxPooling::globalNorms);
    TABLE.put("ReduceMax", OnnxReductions.reduce(Reduction.MAX));
    TABLE.put("ReduceMin", OnnxReductions.reduce(OnnxReductions::smallest));
    TABLE.put("ReduceMean", OnnxReductions.reduce(Reduction.MEAN));
    TABLE.put("ReduceSum", OnnxReductions.reduce(Reduction.SUM));
    TABLE.put("ReduceL1", OnnxReductions.reduce(OnnxReductions::sumOfAbsolutes));
    TABLE.put("ReduceL2", OnnxReductions.reduce(Reduction.L2));
    TABLE.put("ReduceSumSquare", OnnxReductions.reduce(OnnxReductions::sumOfSquares));
    TABLE.put("ReduceLogSum", OnnxReductions.reduce(OnnxReductions::logarithmOfSum));
    TABLE.put(
        "ReduceLogSumExp", OnnxReductions.reduce(OnnxReductions::logarithmOfSumOfExponentials));

    // Joins, parts, borders, sizes.
    TABLE.put("Concat", OnnxParts::concat);
    TABLE.put("Split", OnnxParts::split);
    TABLE.put("Slice", OnnxParts::slice);
    TABLE.put("Gather", OnnxParts::gather);
    TABLE.put("GatherND", OnnxParts::gatherNd);
    TABLE.put("Pad", OnnxParts::pad);
    TABLE.put("CumSum", OnnxParts::cumulativeSum);
    TABLE.put("Trilu", OnnxParts::triangle);
    TABLE.put("Resize", OnnxResizing::resize);
    TABLE.put("Upsample", OnnxResizing::upsample);

    // Shapes.
    TABLE.put("Reshape", OnnxShapes::reshape);
    TABLE.put("Flatten", OnnxShapes::flatten);
    TABLE.put("Squeeze", OnnxShapes::squeeze);
    TABLE.put("Unsqueeze", OnnxShapes::unsqueeze);
    TABLE.put("Transpose", OnnxShapes::transpose);
    TABLE.put("Expand", OnnxShapes::expand);
    TABLE.put("Tile", OnnxShapes::tile);
    TABLE.put("DepthToSpace", OnnxShapes::depthToSpace);
    TABLE.put("SpaceToDepth", OnnxShapes::spaceToDepth);
    TABLE.put("Identity", OnnxShapes::identity);
    TABLE.put("Dropout", OnnxShapes::dropout);
    TABLE.put("Cast", OnnxShapes::cast);
    TABLE.put("CastLike", OnnxShapes::castLike);
    TABLE.put("Shape", OnnxShapes::shape);
    TABLE.put("Size", OnnxShapes::size);
  }

  private OnnxOperators() {}

  static boolean knows(String operator) {
    return TABLE.containsKey(operator);
  }

  static Set<String> names() {
    return TABLE.keySet();
  }

  static void translate(OnnxNode node, OnnxTranslation to) {
    Translator translator = TABLE.get(node.key());
    if (translator == null) {
      throw node.unsupported(
          OnnxConstants.knows(node.key())
              ? "supported on constants only, and its input depends on the images"
              : "it is not supported; OnnxNetwork.supported() lists the operators that are");
    }
    translator.translate(node, to);
  }
}
