"""Writes the AlexNet of the PyTorch peer, with the scaling that LPIPS puts before it, as ONNX.

alexnet.py PEER DIR FILE; DIR is what the peer's `make` wrote.
"""
import importlib.util
import sys

import torch

peer_file, directory, file = sys.argv[1:]
spec = importlib.util.spec_from_file_location("peer", peer_file)
peer = importlib.util.module_from_spec(spec)
spec.loader.exec_module(peer)


class Trunk(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.lpips = peer.Lpips(directory)

    def forward(self, x):
        return self.lpips.features((2 * x - 1 - self.lpips.shift) / self.lpips.scale)


torch.onnx.export(
    Trunk(), torch.zeros(2, 3, 32, 32), file, opset_version=13, input_names=["x"],
    output_names=[f"relu{k}" for k in range(1, 6)], dynamic_axes={"x": {0: "N"}})
