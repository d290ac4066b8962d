#!/usr/bin/env python3
"""
Writes what ONNX Runtime says about the first sampled images, for the Java tests to compare with.

Needs numpy, Pillow and onnxruntime, and no PyTorch, so that the exported file itself is what runs.
"""

import argparse
import hashlib
import json
import pathlib

import numpy
import onnxruntime
from PIL import Image

MEAN, STD = 0.2860, 0.3530  # as in fashion.py, which would import PyTorch


def pixels(path):
    return numpy.asarray(Image.open(path), numpy.float32)[None, None] / 255


def run(path, images):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    logits, features = session.run(["logits", "features"], {"input": (images - MEAN) / STD})
    return {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            "logits": logits.tolist(), "features": features.tolist()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=pathlib.Path, required=True, help="folder of the ONNX files")
    parser.add_argument("--images", type=pathlib.Path, required=True, help="folder sample_images.py wrote")
    parser.add_argument("--count", type=int, default=4)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()

    names = sorted(path.name for path in options.images.glob("*.png"))[:options.count]
    images = numpy.concatenate([pixels(options.images / name) for name in names]).astype(numpy.float32)
    report = {
        "made_by": f"examples/training/golden.py with onnxruntime {onnxruntime.__version__}",
        "mean": MEAN, "std": STD, "images": names,
        "networks": {path.stem: run(path, images) for path in sorted(options.networks.glob("*.onnx"))},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
