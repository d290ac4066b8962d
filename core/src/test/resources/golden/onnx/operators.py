"""Writes operators.json: one tiny ONNX model a case, and what ONNX Runtime computes with it.

Run as `python operators.py` with onnx and onnxruntime installed. Each case has the
model's bytes (base64), an input of shape [2, 3, 6, 5] (the same for all) and the expected output.
"""
import base64
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(7)
X = np.round(rng.normal(size=(2, 3, 6, 5)), 3).astype(np.float32)
cases = []


def f(*shape):
    return np.round(rng.normal(size=shape), 3).astype(np.float32)


def i(*numbers):
    return np.array(numbers, dtype=np.int64)


def case(name, nodes, constants=None, opset=13, typed=False):
    initializers = []
    for key, value in (constants or {}).items():
        value = np.asarray(value)
        if typed:
            kind = helper.np_dtype_to_tensor_dtype(value.dtype)
            initializers.append(helper.make_tensor(key, kind, value.shape, value.flatten().tolist()))
        else:
            initializers.append(numpy_helper.from_array(value, key))
    graph = helper.make_graph(
        nodes, "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 6, 5])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    model.ir_version = 7
    data = model.SerializeToString()
    y = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"]).run(["y"], {"x": X})[0]
    cases.append({
        "name": name,
        "model": base64.b64encode(data).decode(),
        "shape": list(y.shape),
        "output": [float('%.8g' % v) for v in y.flatten()],
    })


def one(operator, name=None, constants=None, opset=13, typed=False, **attributes):
    inputs = ["x"] + list((constants or {}).keys())
    case(name or operator, [helper.make_node(operator, inputs, ["y"], name="n", **attributes)],
         constants, opset, typed)


node = helper.make_node
w, b = f(4, 3, 3, 3), f(4)
one("Conv", "convolution", {"w": w, "b": b}, pads=[1, 1, 1, 1])
one("Conv", "convolution, typed weights", {"w": w, "b": b}, typed=True)
one("Conv", "convolution, stride and uneven pads", {"w": w}, strides=[2, 1], pads=[0, 1, 2, 1])
one("Conv", "convolution, dilation", {"w": w}, dilations=[2, 2], pads=[1, 1, 1, 1])
one("Conv", "convolution, groups", {"w": f(6, 1, 3, 2), "b": f(6)}, group=3)
for mode in ("SAME_UPPER", "SAME_LOWER", "VALID"):
    one("Conv", "convolution, " + mode, {"w": f(2, 3, 2, 3)}, auto_pad=mode, strides=[2, 2])
one("BatchNormalization", None, {"s": f(3), "b": f(3), "m": f(3), "v": np.abs(f(3)) + 0.1}, epsilon=1e-3)
for op in ("Relu", "Sigmoid", "Tanh", "Identity", "GlobalAveragePool", "GlobalMaxPool"):
    one(op)
one("LeakyRelu")
one("LeakyRelu", "LeakyRelu, alpha", alpha=0.2)
one("Elu", alpha=0.7)
one("Clip", "Clip, two bounds", {"lo": np.float32(-0.5), "hi": np.float32(0.75)})
one("Clip", "Clip, below", {"lo": np.float32(0)})
case("Clip, above", [node("Clip", ["x", "", "hi"], ["y"])], {"hi": np.float32(0.25)})
one("Clip", "Clip, attributes", opset=7, min=-0.25, max=0.5)
one("MaxPool", "MaxPool", kernel_shape=[2, 2], strides=[2, 2])
one("MaxPool", "MaxPool, ceil", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
one("MaxPool", "MaxPool, pads", kernel_shape=[3, 3], strides=[2, 1], pads=[1, 1, 1, 0])
one("AveragePool", "AveragePool", kernel_shape=[2, 3], strides=[2, 1])
one("AveragePool", "AveragePool, pads", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
one("AveragePool", "AveragePool, pads counted", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], count_include_pad=1)
one("AveragePool", "AveragePool, SAME_UPPER", kernel_shape=[2, 2], strides=[2, 2], auto_pad="SAME_UPPER")
one("ReduceMean", "ReduceMean, dropped axes", axes=[2, 3], keepdims=0)
one("ReduceMean", "ReduceMean, kept axes", axes=[-1, -2])
one("ReduceMax", "ReduceMax", axes=[2, 3], keepdims=0)
case("ReduceMean, axes as input", [node("ReduceMean", ["x", "a"], ["y"], keepdims=0)], {"a": i(2, 3)}, opset=18)
for op in ("Add", "Sub", "Mul", "Div"):
    one(op, op + " of a number", {"c": np.float32(1.5)})
    one(op, op + " of one a channel", {"c": np.array([1, 2, 4], np.float32).reshape(3, 1, 1)})
case("Sub from a constant", [node("Sub", ["c", "x"], ["y"])], {"c": f(1, 3, 1, 1)})
case("Add of activations", [node("Relu", ["x"], ["a"]), node("Add", ["a", "x"], ["y"])])
case("Sub of activations", [node("Relu", ["x"], ["a"]), node("Sub", ["a", "x"], ["y"])])
case("Sum of three", [node("Relu", ["x"], ["a"]), node("Tanh", ["x"], ["b"]), node("Sum", ["a", "b", "x"], ["y"])])
case("Sum of one", [node("Sum", ["x"], ["y"])])
case("Mul by a gate", [node("GlobalAveragePool", ["x"], ["a"]), node("Sigmoid", ["a"], ["b"]), node("Mul", ["x", "b"], ["y"])])
case("Concat", [node("Relu", ["x"], ["a"]), node("Concat", ["a", "x"], ["y"], axis=1)])
case("Concat along columns", [node("Relu", ["x"], ["a"]), node("Concat", ["a", "x"], ["y"], axis=-1)])
case("Concat of one", [node("Concat", ["x"], ["y"], axis=1)])
case("Gemm, transposed", [node("Flatten", ["x"], ["a"]), node("Gemm", ["a", "w", "b"], ["y"], transB=1)], {"w": f(4, 90), "b": f(4)})
case("Gemm, alpha and beta", [node("Flatten", ["x"], ["a"]), node("Gemm", ["a", "w", "b"], ["y"], alpha=0.5, beta=2.0)], {"w": f(90, 4), "b": f(1)})
case("Gemm, no bias", [node("Flatten", ["x"], ["a"], axis=-3), node("Gemm", ["a", "w"], ["y"])], {"w": f(90, 2)})
case("MatMul, Mul and Add", [node("Flatten", ["x"], ["a"]), node("MatMul", ["a", "w"], ["b"]), node("Mul", ["b", "s"], ["c"]), node("Add", ["c", "t"], ["y"])], {"w": f(90, 4), "s": f(1), "t": f(4)})
case("MatMul by a transposed constant", [node("Transpose", ["w"], ["v"]), node("Flatten", ["x"], ["a"]), node("MatMul", ["a", "v"], ["y"])], {"w": f(4, 90)})
case("Dropout", [node("Dropout", ["x"], ["y"])])
case("Pad before a convolution", [node("Pad", ["x", "p"], ["a"]), node("Conv", ["a", "w"], ["y"], pads=[1, 0, 0, 0])], {"p": i(0, 0, 1, 2, 0, 0, 0, 1), "w": w})
case("Pad before an average", [node("Pad", ["x", "p", "v"], ["a"]), node("AveragePool", ["a"], ["y"], kernel_shape=[3, 3], strides=[2, 2])], {"p": i(0, 0, 1, 1, 0, 0, 1, 1), "v": np.float32(0)})
case("Pad by nothing", [node("Pad", ["x", "p"], ["a"]), node("MaxPool", ["a"], ["y"], kernel_shape=[2, 2])], {"p": i(0, 0, 0, 0, 0, 0, 0, 0)})
case("Pad, attributes", [node("Pad", ["x"], ["a"], pads=[0, 0, 1, 1, 0, 0, 1, 1]), node("Conv", ["a", "w"], ["y"])], {"w": w}, opset=9)
case("Reshape to vectors", [node("Reshape", ["x", "s"], ["y"])], {"s": i(0, -1)})
case("Reshape to maps", [node("Reshape", ["x", "s"], ["y"])], {"s": i(-1, 5, 3, 6)})
case("flattening by shape arithmetic", [
    node("Shape", ["x"], ["a"]), node("Constant", [], ["zero"], value=numpy_helper.from_array(np.int64(0))),
    node("Gather", ["a", "zero"], ["b"]), node("Constant", [], ["axes"], value_ints=[0]),
    node("Unsqueeze", ["b", "axes"], ["c"]), node("Constant", [], ["rest"], value_ints=[-1]),
    node("Concat", ["c", "rest"], ["d"], axis=0), node("Reshape", ["x", "d"], ["y"])])
case("flattening by products", [
    node("Shape", ["x"], ["a"], start=1), node("Gather", ["a", "first"], ["b"]),
    node("Mul", ["b", "thirty"], ["c"]), node("Div", ["c", "two"], ["d"]), node("Mul", ["d", "two"], ["e"]),
    node("Add", ["e", "two"], ["f"]), node("Sub", ["f", "two"], ["g"]),
    node("Cast", ["g"], ["h"], to=TensorProto.INT64), node("Identity", ["h"], ["k"]), node("Squeeze", ["k"], ["l"]),
    node("Reshape", ["l", "one"], ["m"]), node("Concat", ["minus", "m"], ["s"], axis=0), node("Reshape", ["x", "s"], ["y"])],
    {"first": i(0), "thirty": i(30), "two": i(2), "one": i(1), "minus": i(-1)}, opset=15)
case("Squeeze and Unsqueeze", [
    node("GlobalMaxPool", ["x"], ["a"]), node("Squeeze", ["a", "s"], ["b"]), node("Unsqueeze", ["b", "u"], ["y"])],
    {"s": i(2, -1), "u": i(2, 3)})
case("Squeeze and Unsqueeze, attributes", [
    node("GlobalMaxPool", ["x"], ["a"]), node("Squeeze", ["a"], ["b"], axes=[3, 2]), node("Unsqueeze", ["b"], ["y"], axes=[-1])], opset=11)
case("Transpose of axes of length 1", [node("GlobalMaxPool", ["x"], ["a"]), node("Transpose", ["a"], ["y"], perm=[0, 2, 3, 1])])
case("Softmax", [node("Flatten", ["x"], ["a"]), node("Softmax", ["a"], ["y"])])
case("Softmax of channels", [node("Softmax", ["x"], ["y"], axis=1)])
case("Softmax, old default", [node("Flatten", ["x"], ["a"]), node("Softmax", ["a"], ["y"])], opset=11)
case("Constant, single numbers", [
    node("Constant", [], ["c"], value_float=2.0), node("Mul", ["x", "c"], ["a"]),
    node("Constant", [], ["v"], value_floats=[1.0, 2.0, 3.0]), node("Constant", [], ["s"], value_ints=[3, 1, 1]),
    node("Reshape", ["v", "s"], ["u"]), node("Add", ["a", "u"], ["y"])])

out = {
    "made_by": "operators.py, onnx %s, onnxruntime %s" % (onnx.__version__, onnxruntime.__version__),
    "input": [float('%.8g' % v) for v in X.flatten()],
    "cases": cases,
}
pathlib.Path(__file__).with_name("operators.json").write_text(json.dumps(out, indent=1).replace("\n    ", "") + "\n")
print(len(cases), "cases")
