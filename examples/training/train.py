#!/usr/bin/env python3
"""Trains one Fashion-MNIST network and writes it as ONNX. README.md has the commands used."""

import argparse
import json
import pathlib
import time

import torch
from torch.nn import functional as F

import attack
import fashion
from networks import ARCHITECTURES, fold, multiply_adds, parameters

OPSET = 13


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="name of the network; NAME.onnx, NAME.pt and NAME.json are written")
    parser.add_argument("--architecture", choices=ARCHITECTURES, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--peak-rate", type=float, default=0.2, help="peak of the one-cycle learning rate")
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--weight-decay", type=float, default=5e-4)
    parser.add_argument("--epsilon", type=float, default=0.0, help="l2 radius on [0,1] pixels; 0 trains the standard way")
    parser.add_argument("--attack-steps", type=int, default=4)
    parser.add_argument("--attack-step-size", type=float, help="default 2.5 epsilon / steps")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--data", default=fashion.DEFAULT_DATA)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("build"))
    options = parser.parse_args()
    if options.attack_step_size is None:
        options.attack_step_size = 2.5 * options.epsilon / options.attack_steps
    return options


def adversarial(network, images, labels, options, generator):
    """Attacked images. The attack sees running statistics and needs no gradient of the weights."""
    network.eval().requires_grad_(False)
    moved = attack.pgd(network, images, labels, options.epsilon, options.attack_steps,
                       options.attack_step_size, generator)
    network.train().requires_grad_(True)
    return moved


def train(network, images, labels, options, generator):
    batches = len(images) // options.batch
    optimiser = torch.optim.SGD(network.parameters(), options.peak_rate, options.momentum,
                                weight_decay=options.weight_decay, nesterov=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.peak_rate,
                                                   total_steps=options.epochs * batches,
                                                   pct_start=0.25, cycle_momentum=False)
    network.train()
    for epoch in range(options.epochs):
        started, correct, total_loss = time.time(), 0, 0.0
        order = torch.randperm(len(images), generator=generator)[:batches * options.batch]
        for chosen in order.split(options.batch):
            x, y = fashion.augment(images[chosen], generator), labels[chosen]
            if options.epsilon > 0:
                x = adversarial(network, x, y, options, generator)
            logits = network(fashion.normalise(x).contiguous(memory_format=torch.channels_last))[0]
            loss = F.cross_entropy(logits, y)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            correct += (logits.argmax(1) == y).sum().item()
            total_loss += loss.item()
        print(f"epoch {epoch + 1}: loss {total_loss / batches:.4f}, accuracy on the batches "
              f"{correct / len(order):.4f}, {time.time() - started:.1f} s", flush=True)


def clean_accuracy(network, images, labels):
    with torch.no_grad():
        hits = [(network(fashion.normalise(x))[0].argmax(1) == y).sum().item()
                for x, y in zip(images.split(500), labels.split(500))]
    return sum(hits) / len(images)


def export(network, path):
    """ONNX with a free batch axis; the judge also hands out its ReLU maps."""
    outputs = ["logits", "features"]
    if hasattr(network, "return_maps"):
        network.return_maps = True
        outputs += [f"relu{n}" for n in range(1, len(network.convs) + 1)]
    torch.onnx.export(network, torch.zeros(1, 1, 28, 28), str(path), opset_version=OPSET,
                      input_names=["input"], output_names=outputs,
                      dynamic_axes={name: {0: "batch"} for name in ["input"] + outputs})
    if hasattr(network, "return_maps"):
        network.return_maps = False


def main():
    options = arguments()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    generator = torch.Generator().manual_seed(options.seed)  # data order, augmentation, attack starts
    options.out.mkdir(parents=True, exist_ok=True)

    images, labels = fashion.load("train", options.data)
    # channels_last is only a memory layout: the same numbers, several times faster on a CPU.
    network = ARCHITECTURES[options.architecture]().to(memory_format=torch.channels_last)
    started = time.time()
    train(network, images, labels, options, generator)
    seconds = time.time() - started

    folded = fold(network)
    torch.save(folded.state_dict(), options.out / f"{options.name}.pt")
    export(folded, options.out / f"{options.name}.onnx")
    report = {
        "name": options.name, "architecture": options.architecture, "seed": options.seed,
        "epochs": options.epochs, "batch": options.batch, "peak_rate": options.peak_rate,
        "momentum": options.momentum, "weight_decay": options.weight_decay,
        "epsilon": options.epsilon,
        "attack_steps": options.attack_steps if options.epsilon > 0 else 0,
        "attack_step_size": options.attack_step_size,
        "threads": options.threads, "torch": torch.__version__, "seconds": round(seconds, 1),
        "parameters": parameters(folded), "multiply_adds": multiply_adds(folded),
        "clean_accuracy": clean_accuracy(folded, *fashion.load("t10k", options.data)),
    }
    (options.out / f"{options.name}.json").write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
