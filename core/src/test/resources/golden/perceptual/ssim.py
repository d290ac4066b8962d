"""SSIM of synthetic pairs by scikit-image, as Wang et al. (2004) define it. Writes ssim.txt.

Each line: channels, rows, columns, which pair, SSIM. See images() for the pairs.
"""
import pathlib

import numpy as np
import skimage
from skimage.metrics import structural_similarity


def images(pair, shape):
    c, i, j = np.mgrid[0 : shape[0], 0 : shape[1], 0 : shape[2]]
    a = ((37 * i + 59 * j + 7 * i * j + 83 * c) % 256) / 255
    if pair == 0:  # nothing in common
        return a, ((11 * i + 5 * j + 3 * i * j + 29 * c) % 256) / 255
    if pair == 1:  # less contrast, brighter
        return a, 0.5 * a + 0.4
    ramp = (i + 2 * j + 1) / 200  # smooth, and with some noise
    return ramp, ramp + 0.1 * a


lines = [f"# scikit-image {skimage.__version__}"]
for shape in [(1, 11, 11), (3, 16, 20), (1, 28, 28)]:
    for pair in range(3):
        a, b = images(pair, shape)
        scores = []
        for x, y in zip(a, b):
            _, windows = structural_similarity(
                x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=1, full=True
            )
            scores.append(windows[5:-5, 5:-5].mean())  # the windows within the image
        lines.append(" ".join(map(str, shape)) + f" {pair} {np.mean(scores):.12f}")
(pathlib.Path(__file__).parent / "ssim.txt").write_text("\n".join(lines) + "\n")
