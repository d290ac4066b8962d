#!/usr/bin/env python3
"""
Accuracy of exported networks on Fashion-MNIST's test set, clean and under attack, as JSON.

The main figure: l2 PGD, 50 steps, 5 random starts, on the first 1,000 test images, run once for
each of two step sizes. An image counts as robust only if it is classified correctly and no
iterate of any start changes that. The figure is the lower of the two. The curve is a weaker,
faster attack: 20 steps, one start, the first 500 images. Results of other networks that --out
already holds are kept if they were measured by the same protocol.
"""

import argparse
import hashlib
import json
import math
import pathlib
import time

import torch

import attack
import fashion
import onnx_weights
from networks import multiply_adds, parameters


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="+", type=pathlib.Path, help="ONNX files written by train.py")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON file to write")
    parser.add_argument("--epsilon", type=float, default=1.5)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--step-sizes", type=float, nargs="+", default=[0.075, 0.3])
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--curve", type=float, nargs="*", default=[0.5, 1.0, 1.5, 2.0])
    parser.add_argument("--curve-images", type=int, default=500)
    parser.add_argument("--curve-steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of the random starts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", default=fashion.DEFAULT_DATA)
    return parser.parse_args()


def wilson(hits, count, z=1.959964):
    """The 95 % Wilson interval of a proportion."""
    share, square = hits / count, z * z / count
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / count + square / (4 * count)) / (1 + square)
    return [round(middle - half, 4), round(middle + half, 4)]


def proportion(hits, count):
    return {"correct": hits, "of": count, "accuracy": round(hits / count, 4), "wilson95": wilson(hits, count)}


def predictions(network, images):
    with torch.no_grad():
        return torch.cat([network(fashion.normalise(x))[0].argmax(1) for x in images.split(500)])


def still_correct(network, images, labels, epsilon, steps, step_size, restarts, generator, batch=250):
    """How many images no iterate of any start breaks. Broken images need no further start."""
    standing = torch.nonzero(predictions(network, images) == labels).flatten()
    for _ in range(restarts):
        if len(standing) == 0:  # a split of nothing is one empty batch, which the network cannot take
            break
        kept = []
        for chosen in standing.split(batch):
            x, y = images[chosen], labels[chosen]
            fooled = torch.zeros(len(chosen), dtype=torch.bool)
            last = attack.pgd(network, x, y, epsilon, steps, step_size, generator, fooled)
            fooled |= predictions(network, last) != y
            kept.append(chosen[~fooled])
        standing = torch.cat(kept)
    return len(standing)


def evaluate(path, images, labels, options):
    network = onnx_weights.load(path)
    started = time.time()
    result = {
        "file": path.name,
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "parameters": parameters(network),
        "multiply_adds": multiply_adds(network),
    }
    network = network.to(memory_format=torch.channels_last)
    hits = (predictions(network, images) == labels).sum().item()
    result["clean"] = proportion(hits, len(images))

    generator = torch.Generator().manual_seed(options.seed)
    x, y = images[:options.images], labels[:options.images]
    result["clean_on_attacked_images"] = proportion((predictions(network, x) == y).sum().item(), len(x))
    result["robust_by_step_size"] = {
        str(size): proportion(still_correct(network, x, y, options.epsilon, options.steps, size,
                                            options.restarts, generator), len(x))
        for size in options.step_sizes}
    result["robust"] = min(result["robust_by_step_size"].values(), key=lambda r: r["correct"])

    x, y = images[:options.curve_images], labels[:options.curve_images]
    result["curve"] = {
        str(epsilon): proportion(still_correct(network, x, y, epsilon, options.curve_steps,
                                               2.5 * epsilon / options.curve_steps, 1, generator), len(x))
        for epsilon in options.curve}
    result["seconds"] = round(time.time() - started, 1)
    print(json.dumps(result, indent=2), flush=True)
    return result


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    images, labels = fashion.load("t10k", options.data)
    protocol = {
        "attack": "l2 PGD on cross-entropy, [0,1] pixels, random start, every iterate counts",
        "epsilon": options.epsilon, "steps": options.steps, "restarts": options.restarts,
        "step_sizes": options.step_sizes, "images": f"first {options.images} of the test set",
        "curve": f"{options.curve_steps} steps of 2.5 epsilon / steps, one start, "
                 f"first {options.curve_images} images",
        "seed": options.seed, "torch": torch.__version__,
    }
    networks = {}
    if options.out.exists():
        earlier = json.loads(options.out.read_text())
        if earlier["protocol"] != protocol:
            raise SystemExit(f"{options.out} holds results of another protocol")
        networks = earlier["networks"]
    for path in options.networks:
        networks[path.stem] = evaluate(path, images, labels, options)
    report = {"protocol": protocol, "networks": networks}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
