"""Transformations in PyTorch, from the formulas of Lucent (optvis/transform.py) and of Kornia 0.6
(get_rotation_matrix2d, warp_affine, translate), in double; what is drawn, by an independent
SplitMix64. Writes transformations.txt.

Each line: what, its two numbers, the values of the result in row order. The source has
((37 i + 59 j + 7 i j) mod 256) / 255 at row i of 11, column j of 14.
"""
import math
import pathlib

import numpy as np
import torch
import torch.nn.functional as F

MASK = (1 << 64) - 1
GAMMA = 0x9E3779B97F4A7C15
HEIGHT, WIDTH = 11, 14


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def uniforms(seed, iteration):
    stream = -1 - iteration
    state = mix((mix((seed + GAMMA) & MASK) + (stream + 1) * GAMMA) & MASK)
    while True:
        state = (state + GAMMA) & MASK
        yield (mix(state) >> 11) * 2.0**-53


def choice(options, u):
    return options[int(len(options) * next(u))]


def normalization(height, width):
    return torch.tensor(
        [[2 / (width - 1), 0, -1], [0, 2 / (height - 1), -1], [0, 0, 1]], dtype=torch.float64
    )


def warp(image, matrix):
    """matrix: from source to destination, in pixels, columns first."""
    n = normalization(*image.shape[2:])
    inverse = torch.linalg.inv(n @ matrix @ torch.linalg.inv(n))
    grid = F.affine_grid(inverse[None, :2], list(image.shape), align_corners=True)
    return F.grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=True)


def pad(image, w, fill):
    return F.pad(image, [w] * 4, mode="constant", value=fill)


def jitter(image, d, u):
    dx = choice(range(d), u)
    dy = choice(range(d), u)
    return warp(image, torch.tensor([[1.0, 0, dx], [0, 1, dy], [0, 0, 1]], dtype=torch.float64))


def scale(image, factor):
    shape = [int(math.ceil(factor * d)) for d in image.shape[2:]]
    pad_y, pad_x = [max(0, math.ceil((d - m) / 2)) for d, m in zip(image.shape[2:], shape)]
    scaled = F.interpolate(image, size=shape, mode="bilinear", align_corners=True)
    return F.pad(scaled, [pad_x, pad_x, pad_y, pad_y])


def rotate(image, degrees):
    height, width = image.shape[2:]
    x, y = (width - 1) / 2, (height - 1) / 2
    a, b = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    to = torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)
    turn = torch.tensor([[a, b, 0], [-b, a, 0], [0, 0, 1]], dtype=torch.float64)
    return warp(image, to @ turn @ torch.linalg.inv(to))


def crop(image):
    top = (image.shape[2] - HEIGHT) // 2
    left = (image.shape[3] - WIDTH) // 2
    return image[:, :, top : top + HEIGHT, left : left + WIDTH]


def cifar10(image, seed, iteration):
    u = uniforms(seed, iteration)
    image = jitter(image, 8, u)
    image = scale(image, choice([1 + (i - 5) / 50.0 for i in range(11)], u))
    image = rotate(image, choice(list(range(-10, 11)) + 5 * [0], u))
    return jitter(image, 4, u)


i, j = np.mgrid[0:HEIGHT, 0:WIDTH]
source = torch.tensor(((37 * i + 59 * j + 7 * i * j) % 256) / 255)[None, None]
lines = [f"# torch {torch.__version__}"]


def write(what, first, second, result):
    numbers = " ".join(f"{v:.13f}" for v in crop(result).flatten().tolist())
    lines.append(f"{what} {first} {second} {numbers}")


write("pad", 2, 0.25, pad(source, 2, 0.25))
for iteration in range(3):
    write("jitter", 42, iteration, jitter(source, 5, uniforms(42, iteration)))
for factor in (0.5, 0.9, 0.96, 1.02, 1.1, 2.0):
    write("scale", factor, 0, scale(source, factor))
for degrees in (-10, 3, 45, 90):
    write("rotate", degrees, 0, rotate(source, degrees))
for seed, iteration in ((42, 0), (42, 1), (42, 4999), (-7, 2)):
    write("cifar10", seed, iteration, cifar10(source, seed, iteration))
    write("imageNet", seed, iteration, cifar10(pad(source, 12, 0.5), seed, iteration))
(pathlib.Path(__file__).parent / "transformations.txt").write_text("\n".join(lines) + "\n")
