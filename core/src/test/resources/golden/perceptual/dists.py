"""DISTS of a VGG16 with few channels and random weights, by PyTorch, from the paper (Ding et al., 2020). Writes
dists_vgg16.npz, dists_weights.npz and dists.txt (rows, columns, distance of each pair), and of the first size the
gradient in dists_gradient.npy.
"""
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
CHANNELS = [4, 5, 6, 7, 8]
BLOCKS = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
MEAN = torch.tensor([0.485, 0.456, 0.406], dtype=torch.float64).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225], dtype=torch.float64).view(1, 3, 1, 1)


def random_weights():
    rng = np.random.default_rng(1)
    vgg, before = {}, 3
    for block, channels in zip(BLOCKS, CHANNELS):
        for place in block:
            scale = np.sqrt(2 / (9 * before))
            vgg[f"features.{place}.weight"] = (scale * rng.normal(size=(channels, before, 3, 3))).astype(np.float32)
            vgg[f"features.{place}.bias"] = (0.1 * rng.normal(size=channels)).astype(np.float32)
            before = channels
    n = 3 + sum(CHANNELS)
    heads = {name: rng.uniform(0.02, 1, size=(1, n, 1, 1)).astype(np.float32) for name in ["alpha", "beta"]}
    return vgg, heads


def l2_pool(x):
    hann = torch.from_numpy(np.hanning(5)[1:-1])
    window = torch.outer(hann, hann)
    window = (window / window.sum()).expand(x.shape[1], 1, 3, 3)
    return torch.sqrt(F.conv2d(x**2, window, stride=2, padding=1, groups=x.shape[1]) + 1e-12)


def stages(x, vgg):
    h, result = (x - MEAN) / STD, [x]
    for k, block in enumerate(BLOCKS):
        h = l2_pool(h) if k else h
        for place in block:
            weight, bias = (torch.from_numpy(vgg[f"features.{place}.{kind}"]).double() for kind in ["weight", "bias"])
            h = F.relu(F.conv2d(h, weight, bias, padding=1))
        result.append(h)
    return result


def dists(x, y, vgg, heads):
    alpha, beta = (torch.from_numpy(heads[name]).double().flatten() for name in ["alpha", "beta"])
    total, similarity, at = alpha.sum() + beta.sum(), 0, 0
    for f, g in zip(stages(x, vgg), stages(y, vgg)):
        a, b = (w[at : at + f.shape[1]] / total for w in [alpha, beta])
        at += f.shape[1]
        mf, mg = f.mean((2, 3)), g.mean((2, 3))
        vf, vg = ((z**2).mean((2, 3)) - z.mean((2, 3)) ** 2 for z in [f, g])
        cov = (f * g).mean((2, 3)) - mf * mg
        texture = (2 * mf * mg + 1e-6) / (mf**2 + mg**2 + 1e-6)
        structure = (2 * cov + 1e-6) / (vf + vg + 1e-6)
        similarity = similarity + (a * texture + b * structure).sum(1)
    return 1 - similarity


def images(height, width):
    c, i, j = np.mgrid[0:3, 0:height, 0:width]
    a = ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255
    b = [((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255, 0.5 * a + 0.4, np.roll(a, 3, axis=2)]
    return torch.from_numpy(np.stack([a, a, a])), torch.from_numpy(np.stack(b))


vgg, heads = random_weights()
np.savez(HERE / "dists_vgg16.npz", **vgg)
np.savez(HERE / "dists_weights.npz", **heads)
lines = [f"# PyTorch {torch.__version__}, double"]
for size in [(20, 24), (33, 17), (64, 64)]:
    a, b = images(*size)
    a.requires_grad_(True)
    d = dists(a, b, vgg, heads)
    if len(lines) == 1:
        np.save(HERE / "dists_gradient.npy", torch.autograd.grad(d.sum(), a, retain_graph=True)[0].numpy())
    lines.append(" ".join(map(str, size)) + "".join(f" {v:.12f}" for v in d.tolist()))
(HERE / "dists.txt").write_text("\n".join(lines) + "\n")
