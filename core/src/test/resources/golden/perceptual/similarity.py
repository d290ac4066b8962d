"""SSIM with the authors' reduction and MS-SSIM, from the papers and the authors' MATLAB code. Writes similarity.txt.

Each line: channels, rows, columns, which pair, SSIM(downsampled), MS-SSIM (- where images are too small for one of
them to differ or to exist). See images() for the pairs. Where pytorch-msssim can be compared with, it is:
https://pypi.org/project/pytorch-msssim 1.0.0 pads odd sizes with zeros, so sizes that are multiples of 16 only.

With a folder of the reference data as argument, also real.txt: file names, SSIM, SSIM(downsampled) and MS-SSIM of
pairs of photographs.
"""
import math
import pathlib
import sys

import numpy as np
import pytorch_msssim
import torch
from PIL import Image
from scipy import ndimage, signal

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
HERE = pathlib.Path(__file__).parent


def window():
    x = np.arange(-5, 6)
    g = np.exp(-(x**2) / (2 * 1.5**2))
    w = np.outer(g, g)
    return w / w.sum()


def terms(x, y):
    """Mean SSIM and mean contrast-structure of two gray images in [0, 1]."""
    c1, c2 = 0.01**2, 0.03**2
    mean = lambda z: signal.convolve2d(z, window(), mode="valid")
    mx, my = mean(x), mean(y)
    vx, vy, cov = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    cs = (2 * cov + c2) / (vx + vy + c2)
    return ((2 * mx * my + c1) / (mx**2 + my**2 + c1) * cs).mean(), cs.mean()


def reduced(x, f):
    """imfilter(x, ones(f) / f^2, 'symmetric', 'same'), then (1:f:end, 1:f:end)."""
    origin = 0 if f % 2 else -1  # of a window of even size MATLAB takes the earlier of the two middles
    return ndimage.correlate(x, np.full((f, f), 1 / f**2), mode="reflect", origin=origin)[::f, ::f]


def ssim(x, y, downsampled):
    f = max(1, math.floor(min(x.shape) / 256 + 0.5)) if downsampled else 1
    return terms(reduced(x, f), reduced(y, f))[0] if f > 1 else terms(x, y)[0]


def msssim(x, y):
    product = 1
    for k, w in enumerate(WEIGHTS):
        whole, cs = terms(x, y)
        product *= max(0, whole if k == 4 else cs) ** w
        x, y = reduced(x, 2), reduced(y, 2)
    return product


def scores(a, b):
    """Of images [C, H, W]: each channel by itself, then the mean."""
    side = min(a.shape[1:])
    each = lambda score: np.mean([score(x, y) for x, y in zip(a, b)])
    result = [each(lambda x, y: ssim(x, y, False)), each(lambda x, y: ssim(x, y, True)), None]
    if side >= 161:
        result[2] = each(msssim)
        if all(n % 16 == 0 for n in a.shape[1:]):
            other = pytorch_msssim.ms_ssim(torch.tensor(a)[None], torch.tensor(b)[None], data_range=1).item()
            assert abs(other - result[2]) < 1e-6, (other, result[2])
    return result


def images(pair, shape):
    c, i, j = np.mgrid[0 : shape[0], 0 : shape[1], 0 : shape[2]]
    noise = ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255 - 0.5
    a = 0.5 + 0.25 * np.sin((3 * i + 2 * j) / 15 + c) + 0.15 * np.sin(i * j / 700) + 0.1 * noise
    if pair == 0:  # smoother, and moved
        return a, 0.5 + 0.2 * np.sin((3 * i + 2 * j) / 15 + c + 0.3) + 0.15 * np.sin(i * j / 700)
    if pair == 1:  # less contrast, brighter
        return a, 0.6 * a + 0.3
    if pair == 2:  # the negative
        return a, 1 - a
    return a, a + 0.1 * (((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255 - 0.5)  # noisier


def text(score):
    return "-" if score is None else f"{score:.12f}"


def synthetic():
    lines = ["# numpy, scipy; pytorch-msssim 1.0.0 agrees to 1e-6 at sizes that are multiples of 16"]
    for shape in [(1, 161, 163), (3, 176, 192), (1, 177, 200), (1, 384, 401), (1, 641, 640), (1, 900, 897)]:
        for pair in range(4) if shape[1] < 600 else [0]:
            _, low, multi = scores(*images(pair, shape))
            lines.append(" ".join(map(str, (*shape, pair, text(low), text(multi)))))
    (HERE / "similarity.txt").write_text("\n".join(lines) + "\n")


def read(file):
    pixels = np.asarray(Image.open(file)).astype(np.float64) / 255
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def real(folder):
    lines = [
        "# Pairs of files of the reference data; one file stands for the image without its last column, against the",
        "# image without its first, times 0.8, plus 0.1."
    ]
    for k in range(8):
        names = [f"lpips/pairs/{k}_{side}.png" for side in "ab"]
        lines.append(" ".join(names + [text(s) for s in scores(*[read(folder / name) for name in names])]))
    for name in ["lpips_examples/ex_p0", "lpips_examples/ex_p1"]:
        names = [f"images/{name}.png", "images/lpips_examples/ex_ref.png"]
        lines.append(" ".join(names + [text(s) for s in scores(*[read(folder / name) for name in names])]))
    for name in ["astronaut", "camera", "chelsea", "coffee", "raccoon_face"]:
        x = read(folder / f"images/free/{name}.png")
        result = scores(x[:, :, :-1], 0.8 * x[:, :, 1:] + 0.1)
        lines.append(" ".join([f"images/free/{name}.png", "-"] + [text(s) for s in result]))
    (HERE / "real.txt").write_text("\n".join(lines) + "\n")


synthetic()
if len(sys.argv) > 1:
    real(pathlib.Path(sys.argv[1]))
