"""Projected gradient ascent on the cross-entropy inside an l2 ball, in pixel space."""

import torch
from torch.nn import functional as F

from fashion import normalise

TINY = 1e-12


def norms(x):
    return x.flatten(1).norm(dim=1).clamp_min(TINY)[:, None, None, None]


def project(moved, images, epsilon):
    """Into the ball around `images`, then into the pixel range (which never leaves the ball)."""
    delta = moved - images
    delta = delta * (epsilon / norms(delta)).clamp_max(1)
    return (images + delta).clamp(0, 1)


def random_start(images, epsilon, generator):
    """Uniform direction, uniform radius."""
    delta = torch.randn(images.shape, generator=generator)
    radius = epsilon * torch.rand(len(images), 1, 1, 1, generator=generator)
    return project(images + delta * (radius / norms(delta)), images, epsilon)


def pgd(network, images, labels, epsilon, steps, step_size, generator, fooled=None):
    """
    The last iterate. `network` must be in evaluation mode and take normalised pixels. Where
    `fooled` (one boolean per image) is given, it is set for images misclassified on the way.
    """
    moved = random_start(images, epsilon, generator)
    for _ in range(steps):
        moved.requires_grad_()
        logits = network(normalise(moved))[0]
        if fooled is not None:
            fooled |= logits.argmax(1) != labels
        loss = F.cross_entropy(logits, labels, reduction="sum")
        gradient, = torch.autograd.grad(loss, moved)
        moved = project(moved.detach() + step_size * gradient / norms(gradient), images, epsilon)
    return moved
