"""
Projected gradient attacks on a small network, in double, by PyTorch: what PgdAttackTest expects.

Writes network.onnx, images.npy, adversarial.npy (case, image, 1, 6, 6) and expected.json beside this
file. An image that is classified wrongly is done; the others go on. Made with Python 3.11,
PyTorch 1.13.1 and NumPy 1.24.2.
"""

import json
import pathlib

import numpy
import torch
from torch.nn import functional as F

HERE = pathlib.Path(__file__).parent
CLASSES = 5
STEPS = 10
EPSILON = {"l2": 0.6, "linf": 0.15}


def cross_entropy(z, y):
    return F.cross_entropy(z, y, reduction="none")


def others(z, y):
    hidden = F.one_hot(y, CLASSES).bool()
    return z.masked_fill(hidden, -float("inf")).max(1).values


def margin(z, y):
    return others(z, y) - z.gather(1, y[:, None])[:, 0]


def ratio(z, y):
    ordered = z.sort(dim=1, descending=True).values
    return margin(z, y) / (ordered[:, 0] - ordered[:, 2] + 1e-12)


def project(x, center, norm, epsilon):
    """The nearest image within the ball and [0, 1]."""
    if norm == "linf":
        return torch.maximum(torch.minimum(x, center + epsilon), center - epsilon).clamp(0, 1)
    # Of the points clip(c + t (x - c)) the one on the sphere, by bisection.
    if (x.clamp(0, 1) - center).norm() <= epsilon:
        return x.clamp(0, 1)
    low, high = 0.0, 1.0
    for _ in range(200):
        t = (low + high) / 2
        if ((center + t * (x - center)).clamp(0, 1) - center).norm() > epsilon:
            high = t
        else:
            low = t
    return (center + low * (x - center)).clamp(0, 1)


def attack(network, images, labels, loss, norm):
    epsilon = EPSILON[norm]
    size = 2.5 * epsilon / STEPS
    found, steps = images.clone(), []
    for i in range(len(images)):
        x, y = images[i : i + 1].clone(), labels[i : i + 1]
        at = -1
        for t in range(STEPS + 1):
            x.requires_grad_()
            z = network(x)
            if z.argmax(1) != y:
                at = t
                found[i] = x.detach()[0]
                break
            g, = torch.autograd.grad(loss(z, y).sum(), x)
            move = g.sign() if norm == "linf" else g / g.norm()
            x = project(x.detach() + size * move, images[i : i + 1], norm, epsilon)
        steps.append(at)
    return found, steps


def main():
    torch.manual_seed(7)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 3, padding=1),
        torch.nn.ReLU(),
        torch.nn.Conv2d(6, 8, 3, stride=2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(32, CLASSES),
    ).eval()
    torch.onnx.export(network, torch.zeros(1, 1, 6, 6), str(HERE / "network.onnx"), opset_version=13)
    network.double()
    images = torch.rand(400, 1, 6, 6, dtype=torch.float64)
    with torch.no_grad():
        z = network(images)
    top = z.topk(2, dim=1).values
    # Images of different margins, so that some fall early, some late, and some not at all.
    order = (top[:, 0] - top[:, 1]).argsort()
    images = images[order[torch.linspace(60, 399, 10).long()]]
    labels = network(images).argmax(1)
    cases, all_found = [], []
    for norm in ("l2", "linf"):
        for name, loss in (
            ("CROSS_ENTROPY", cross_entropy),
            ("MARGIN", margin),
            ("DIFFERENCE_OF_LOGITS_RATIO", ratio),
        ):
            found, steps = attack(network, images, labels, loss, norm)
            cases.append({"norm": norm, "loss": name, "epsilon": EPSILON[norm], "steps": steps})
            all_found.append(found.numpy())
    numpy.save(HERE / "images.npy", images.numpy())
    numpy.save(HERE / "adversarial.npy", numpy.stack(all_found))
    expected = {"labels": labels.tolist(), "iterations": STEPS, "cases": cases}
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    for case in cases:
        print(case)


main()
