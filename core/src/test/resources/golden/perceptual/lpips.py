#!/usr/bin/env python3
"""LPIPS on narrow trunks with fixed random weights, by PyTorch in double precision: writes the files in lpips/.

Trunks have torchvision's topologies and names, and few channels. Written from Zhang et al. (2018) and the behaviour of the
original code, version 0.1.4: taps, scaling layer, normalization over channels, mean over positions, sum over layers; the
spatial map is the sum of the layers' maps after bilinear interpolation without aligned corners.

Run with PyTorch 1.13 and NumPy:  python3 lpips.py
"""
import os

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "lpips")
SHIFT = torch.tensor([-0.030, -0.088, -0.188], dtype=torch.float64).view(1, 3, 1, 1)
SCALE = torch.tensor([0.458, 0.448, 0.450], dtype=torch.float64).view(1, 3, 1, 1)


class Fire(nn.Module):
    def __init__(self, channels, few, many):
        super().__init__()
        self.squeeze = nn.Conv2d(channels, few, 1)
        self.expand1x1 = nn.Conv2d(few, many, 1)
        self.expand3x3 = nn.Conv2d(few, many, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.expand1x1(x)), F.relu(self.expand3x3(x))], 1)


def alex():
    c = [5, 6, 7, 6, 5]
    layers = [
        nn.Conv2d(3, c[0], 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(c[0], c[1], 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(c[1], c[2], 3, padding=1), nn.ReLU(),
        nn.Conv2d(c[2], c[3], 3, padding=1), nn.ReLU(),
        nn.Conv2d(c[3], c[4], 3, padding=1), nn.ReLU(),
    ]
    return nn.Sequential(*layers), [1, 4, 7, 9, 11]


def vgg():
    layers, taps, channels = [], [], 3
    for block, (count, width) in enumerate([(2, 4), (2, 5), (3, 6), (3, 7), (3, 7)]):
        if block:
            layers.append(nn.MaxPool2d(2, 2))
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        taps.append(len(layers) - 1)
    return nn.Sequential(*layers), taps


def squeeze():
    pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)
    layers = [
        nn.Conv2d(3, 6, 3, 2), nn.ReLU(), pool(),
        Fire(6, 2, 3), Fire(6, 2, 3), pool(),
        Fire(6, 3, 4), Fire(8, 3, 4), pool(),
        Fire(8, 3, 4), Fire(8, 4, 5), Fire(10, 4, 5), Fire(10, 4, 5),
    ]
    return nn.Sequential(*layers), [1, 4, 7, 9, 10, 11, 12]


def features(trunk, taps, images):
    x = (2 * images - 1 - SHIFT.to(images)) / SCALE.to(images)
    result = []
    for i, layer in enumerate(trunk):
        x = layer(x)
        if i in taps:
            result.append(x)
    return result


def unit(f):
    return f / (f.pow(2).sum(1, keepdim=True).sqrt() + 1e-10)


def image(factors, height, width):
    row, column, both, channel = factors
    i = torch.arange(height).view(1, -1, 1)
    j = torch.arange(width).view(1, 1, -1)
    c = torch.arange(3).view(-1, 1, 1)
    return (((row * i + column * j + both * i * j + channel * c) % 256).double() / 255)[None]


def main():
    os.makedirs(HERE, exist_ok=True)
    lines = ["# trunk height width, then what each layer adds; by lpips.py"]
    for name, make in [("alex", alex), ("vgg", vgg), ("squeeze", squeeze)]:
        generator = torch.Generator().manual_seed(7)
        trunk, taps = make()
        with torch.no_grad():
            for p in trunk.parameters():
                if p.dim() > 1:
                    p.copy_(torch.randn(p.shape, generator=generator) * (2.0 / p[0].numel()) ** 0.5)
                else:
                    p.copy_(torch.rand(p.shape, generator=generator) * 0.5)
        state = {"features." + key: value for key, value in trunk.state_dict().items()}
        torch.save(state, f"{HERE}/{name}_trunk.pth")
        widths = [f.shape[1] for f in features(trunk, taps, torch.zeros(1, 3, 64, 64))]
        heads = [torch.rand(width, generator=generator) for width in widths]
        torch.save(
            {f"lin{k}.model.1.weight": h.view(1, -1, 1, 1) for k, h in enumerate(heads)},
            f"{HERE}/{name}_heads.pth", _use_new_zipfile_serialization=False)
        if name == "alex":
            np.savez(f"{HERE}/alex_heads.npz", **{f"lin{k}": h.numpy() for k, h in enumerate(heads)})
            convolutions = [m for m in trunk if isinstance(m, nn.Conv2d)]
            np.savez(f"{HERE}/alex_plain.npz",
                     **{f"w{k}": m.weight.detach().numpy() for k, m in enumerate(convolutions)},
                     **{f"b{k}": m.bias.detach().numpy() for k, m in enumerate(convolutions)})
        axes = {"x": {0: "n", 2: "h", 3: "w"}}
        torch.onnx.export(trunk, torch.zeros(1, 3, 64, 64), f"{HERE}/{name}_trunk.onnx", opset_version=13,
                          input_names=["x"], dynamic_axes=axes)
        trunk = trunk.double()
        smallest = {"alex": 31, "vgg": 16, "squeeze": 17}[name]
        for height, width in [(33, 47), (64, 40), (smallest, smallest + 3)]:
            a = image((37, 59, 7, 83), height, width).requires_grad_(True)
            b = image((11, 5, 3, 29), height, width)
            parts, maps = [], 0
            for h, f, g in zip(heads, features(trunk, taps, a), features(trunk, taps, b)):
                d = (h.double().view(1, -1, 1, 1) * (unit(f) - unit(g)) ** 2).sum(1, keepdim=True)
                parts.append(d.mean())
                maps = maps + F.interpolate(d, size=(height, width), mode="bilinear", align_corners=False)
            lines.append(" ".join([name, str(height), str(width)] + [f"{p.item():.12f}" for p in parts]))
            if height == 33:
                gradient, = torch.autograd.grad(sum(parts), a)
                np.save(f"{HERE}/{name}_gradient.npy", gradient.numpy().astype("float32"))
                np.save(f"{HERE}/{name}_map.npy", maps.detach().numpy().astype("float32"))
    with open(f"{HERE}/values.txt", "w") as file:
        file.write("\n".join(lines) + "\n")


main()
