"""Pillow's antialiased bilinear resize, then torchvision's centre crop. Writes resize.txt.

Each line: rows and columns of the source, side of the result, its values in row order. The source
has (37 i + 59 j + 7 i j) mod 256 at row i, column j.
"""
import pathlib

import numpy as np
import PIL
from PIL import Image

lines = [f"# Pillow {PIL.__version__}"]
for height, width, side in [(20, 13, 8), (9, 31, 8), (5, 7, 8), (16, 16, 8)]:
    i, j = np.mgrid[0:height, 0:width]
    source = ((37 * i + 59 * j + 7 * i * j) % 256).astype(np.float32) / 255
    if height <= width:
        size = (int(side * width / height), side)  # Pillow: width first
    else:
        size = (side, int(side * height / width))
    resized = np.asarray(Image.fromarray(source).resize(size, Image.BILINEAR))
    top = int(round((resized.shape[0] - side) / 2.0))
    left = int(round((resized.shape[1] - side) / 2.0))
    result = resized[top : top + side, left : left + side]
    lines.append(" ".join([str(height), str(width), str(side)] + [f"{v:.7f}" for v in result.ravel()]))
(pathlib.Path(__file__).parent / "resize.txt").write_text("\n".join(lines) + "\n")
