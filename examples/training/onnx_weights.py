"""Reads an exported network back: its initialisers carry the names of the PyTorch parameters."""

import onnx
import torch
from onnx import numpy_helper

from networks import ARCHITECTURES


def load(path):
    """The folded PyTorch network of an ONNX file that train.py wrote."""
    graph = onnx.load(str(path)).graph
    state = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    architecture = "resnet" if "stem.conv.weight" in state else "vgg"
    network = ARCHITECTURES[architecture](norm=False)
    parameters = dict(network.named_parameters())
    network.load_state_dict({name: value for name, value in state.items() if name in parameters})
    return network.eval().requires_grad_(False)
