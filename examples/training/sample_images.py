#!/usr/bin/env python3
"""Writes the first images of each class of Fashion-MNIST's test set as 8-bit gray PNG files."""

import argparse
import pathlib

import numpy
from PIL import Image

import fashion

NOTICE = """\
The PNG files in the folder images are images of Fashion-MNIST's test set, unchanged; the number in
a file's name is the image's index in that set. Fashion-MNIST was made by Zalando Research:

  Han Xiao, Kashif Rasul, Roland Vollgraf. Fashion-MNIST: a Novel Image Dataset for Benchmarking
  Machine Learning Algorithms. arXiv:1708.07747, 2017.

It comes under the MIT License:

The MIT License (MIT)

Copyright (c) 2017 Zalando SE, https://tech.zalando.com

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT
OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--per-class", type=int, default=12)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path(fashion.DEFAULT_DATA))
    options = parser.parse_args()

    images = fashion.read_idx(options.data / "t10k-images-idx3-ubyte.gz")
    labels = fashion.read_idx(options.data / "t10k-labels-idx1-ubyte.gz")
    chosen = numpy.concatenate([numpy.flatnonzero(labels == label)[:options.per_class]
                                for label in range(len(fashion.CLASSES))])
    options.out.mkdir(parents=True, exist_ok=True)
    names = []
    for index in sorted(chosen):
        name = f"{index:05d}_{fashion.CLASSES[labels[index]]}.png"
        Image.fromarray(images[index]).save(options.out / name, optimize=True)
        names.append(name)
    # Beside the folder, which holds images and nothing else. A folder inside a jar cannot be listed, hence the index.
    options.out.with_name(options.out.name + ".txt").write_text("\n".join(names) + "\n")
    options.out.with_name(options.out.name + ".NOTICE").write_text(NOTICE)


if __name__ == "__main__":
    main()
