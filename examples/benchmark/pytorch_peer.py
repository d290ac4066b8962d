#!/usr/bin/env python3
"""The benchmark's other side: the same searches and distances in PyTorch, on the same networks and images.

  pytorch_peer.py make DIR NETWORK...      write NETWORK.onnx, targets and seeds, and AlexNet with heads
  pytorch_peer.py run DIR JOB ...          run a job and print one JSON line
  pytorch_peer.py trunk DIR                write AlexNet as alexnet.npz, from alexnet_features.npz

NETWORK is resnet18 (torchvision's with the stem of CIFAR, 32 x 32, 10 classes), resnet50, vgg16, densenet121 or
inception_v3 (224 x 224, 1,000 classes). All weights are random, with a fixed seed; running means and variances
of batch norms are those of random images, so that activations are of ordinary size.

JOB is one of
  none           relative L2 of the penultimate layer
  tv_l6          that + 5e-5 TV + 0.1 ||x||_6
  lpips          that - 10 LPIPS(x, target), AlexNet with random heads
  distance_32    value and gradient of LPIPS of images of 32 x 32 to references
  distance_224   the same of 224 x 224

--variant reference   eager, every term evaluated from scratch at every step, as in published code
--variant tuned       as a careful user would write it: features of targets computed once, channels_last,
                      frozen parameters, batch norm folded
"""
import argparse
import inspect
import json
import os
import time

import numpy as np
import torch
import torch.fx.experimental.optimization
import torch.nn.functional as F
import torchvision
from torch import nn

SIZES = {'resnet18': 32, 'resnet50': 224, 'vgg16': 224, 'densenet121': 224, 'inception_v3': 224}
MEAN = torch.tensor([.485, .456, .406]).view(1, 3, 1, 1)
STD = torch.tensor([.229, .224, .225]).view(1, 3, 1, 1)
CONVOLUTIONS = [0, 3, 6, 8, 10]
CHANNELS = [64, 192, 384, 256, 256]
IMAGES = {32: 128, 224: 32}
WARMING_UP = 3


def network(name):
    torch.manual_seed(1)
    if name == 'resnet18':
        net = torchvision.models.resnet18(num_classes=10)
        net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
        net.maxpool = nn.Identity()
    elif name == 'inception_v3':
        net = torchvision.models.inception_v3(aux_logits=False, init_weights=True)
    else:
        net = getattr(torchvision.models, name)()
    size = SIZES[name]
    with torch.no_grad():
        net.train()
        for _ in range(4):
            net(torch.randn(4, 3, size, size))
    return net.eval()


def representation(net):
    """The network up to what its last layer reads."""
    for name in ('fc', 'classifier'):
        last = getattr(net, name, None)
        if isinstance(last, nn.Linear):
            setattr(net, name, nn.Identity())
            return net
    net.classifier[-1] = nn.Identity()
    return net


def smooth(n, size, seed):
    g = torch.Generator().manual_seed(seed)
    low = torch.rand(n, 3, 5, 5, generator=g)
    return F.interpolate(low, size=(size, size), mode='bicubic', align_corners=True).clamp(0, 1)


def make(directory, names):
    os.makedirs(directory, exist_ok=True)
    for size, n in IMAGES.items():
        g = torch.Generator().manual_seed(2)
        np.save(f'{directory}/targets_{size}.npy', smooth(n, size, 2).numpy())
        noise = torch.randn(1, 3, size, size, generator=g).expand(n, -1, -1, -1)
        np.save(f'{directory}/seeds_{size}.npy', noise.contiguous().numpy())
    for name in names:
        net = network(name)
        torch.save(net.state_dict(), f'{directory}/{name}.pt')
        size = SIZES[name]
        # Newer versions export in another way unless told not to, for which they need more packages.
        old = {'dynamo': False} if 'dynamo' in inspect.signature(torch.onnx.export).parameters else {}
        torch.onnx.export(net, torch.zeros(2, 3, size, size), f'{directory}/{name}.onnx', opset_version=13,
                          input_names=['input'], output_names=['logits'],
                          dynamic_axes={'input': {0: 'N'}, 'logits': {0: 'N'}}, **old)
    if not os.path.exists(f'{directory}/alexnet_features.npz'):
        torch.manual_seed(3)
        features = torchvision.models.alexnet().features
        tensors = {}
        for k, place in enumerate(CONVOLUTIONS):
            tensors[f'w{k}'] = features[place].weight.detach().numpy()
            tensors[f'b{k}'] = features[place].bias.detach().numpy()
        np.savez(f'{directory}/alexnet_features.npz', **tensors)
        rng = np.random.default_rng(4)
        np.savez(f'{directory}/lin_alex.npz', **{f'lin{k}': rng.random(c, dtype=np.float32) * .1 for k, c in enumerate(CHANNELS)})
    trunk(directory)


def trunk(directory):
    tensors = np.load(f'{directory}/alexnet_features.npz')
    named = {}
    for k, place in enumerate(CONVOLUTIONS):
        named[f'features.{place}.weight'] = tensors[f'w{k}']
        named[f'features.{place}.bias'] = tensors[f'b{k}']
    np.savez(f'{directory}/alexnet.npz', **named)


class Lpips:
    def __init__(self, directory, tuned):
        self.features = torchvision.models.alexnet().features.eval()
        tensors = np.load(f'{directory}/alexnet_features.npz')
        with torch.no_grad():
            for k, place in enumerate(CONVOLUTIONS):
                self.features[place].weight.copy_(torch.from_numpy(tensors[f'w{k}']))
                self.features[place].bias.copy_(torch.from_numpy(tensors[f'b{k}']))
        if tuned:
            frozen(self.features)
        heads = np.load(f'{directory}/lin_alex.npz')
        self.heads = [torch.from_numpy(heads[f'lin{k}']).view(1, -1, 1, 1) for k in range(5)]
        self.shift = torch.tensor([-.030, -.088, -.188]).view(1, 3, 1, 1)
        self.scale = torch.tensor([.458, .448, .450]).view(1, 3, 1, 1)

    def taps(self, x):
        x = (2 * x - 1 - self.shift) / self.scale
        taps = []
        for place, layer in enumerate(self.features):
            x = F.relu(x) if isinstance(layer, nn.ReLU) else layer(x)
            if place - 1 in CONVOLUTIONS:
                taps.append(x / (x.pow(2).sum(1, keepdim=True).add(1e-20).sqrt() + 1e-10))
            if len(taps) == 5:
                return taps

    def distance(self, a, b):
        return sum((h * (p - q) ** 2).sum(1).mean((1, 2)) for h, p, q in zip(self.heads, a, b))


def frozen(net):
    for p in net.parameters():
        p.requires_grad_(False)
    return net.to(memory_format=torch.channels_last)


def total_variation(x):
    down = (x[..., 1:, :] - x[..., :-1, :]) ** 2
    right = (x[..., :, 1:] - x[..., :, :-1]) ** 2
    return down.sum((1, 2, 3)) + right.sum((1, 2, 3))


def search(directory, job, name, tuned, batch):
    """One step of a search, as a function without arguments."""
    net = network_of(directory, name, tuned)
    size = SIZES[name]
    targets = images(directory, 'targets', size, batch)
    state = {'x': images(directory, 'seeds', size, batch), 'best': torch.full((batch,), float('inf'))}
    state['best_x'] = state['x'].clone()
    normal = lambda v: (v.clamp(0, 1) - MEAN) / STD
    lpips = Lpips(directory, tuned) if job == 'lpips' else None
    with torch.no_grad():
        goal = net(normal(targets))
        goal_taps = lpips.taps(targets) if lpips else None
    norm = goal.norm(dim=1)

    def loss(v):
        match = (net(normal(v)) - goal).norm(dim=1) / norm
        if job == 'none':
            return match
        if job == 'tv_l6':
            return match + 5e-5 * total_variation(v) + .1 * v.flatten(1).norm(p=6, dim=1)
        return match - 10 * lpips.distance(lpips.taps(v), goal_taps if tuned else lpips.taps(targets))

    def step():
        x = state['x']
        v = x.clone().requires_grad_(True)
        value = loss(v)
        gradient, = torch.autograd.grad(value.sum(), v)
        with torch.no_grad():
            better = value < state['best']
            state['best'] = torch.where(better, value, state['best'])
            state['best_x'] = torch.where(better.view(-1, 1, 1, 1), x, state['best_x'])
            length = gradient.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
            state['x'] = (x - gradient / (length + 1e-10)).clamp(0, 1)

    return step


def network_of(directory, name, tuned):
    net = network(name)
    net.load_state_dict(torch.load(f'{directory}/{name}.pt'))
    net = representation(net)
    if tuned:
        # PyTorch's own pass over the traced network folds each batch norm into its convolution.
        net = frozen(torch.fx.experimental.optimization.fuse(net))
    return net


def comparison(directory, size, tuned, batch):
    """One value and gradient of LPIPS to fixed references, as a function without arguments."""
    lpips = Lpips(directory, tuned)
    references = images(directory, 'targets', size, batch)
    x = smooth(batch, size, 5)
    with torch.no_grad():
        taps = lpips.taps(references)

    def step():
        v = x.clone().requires_grad_(True)
        value = lpips.distance(lpips.taps(v), taps if tuned else lpips.taps(references))
        torch.autograd.grad(value.sum(), v)

    return step


def images(directory, kind, size, batch):
    return torch.from_numpy(np.load(f'{directory}/{kind}_{size}.npy')[:batch])


def run(a):
    torch.set_num_threads(a.threads)
    tuned = a.variant == 'tuned'
    if a.job.startswith('distance_'):
        step = comparison(a.directory, int(a.job.split('_')[1]), tuned, a.batch)
    else:
        step = search(a.directory, a.job, a.network, tuned, a.batch)
    times = []
    for _ in range(a.steps):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    times = times[WARMING_UP:] if len(times) > WARMING_UP else times
    print(json.dumps({'peer': 'pytorch ' + torch.__version__, 'job': a.job, 'variant': a.variant, 'batch': a.batch,
                      'steps': a.steps, 'threads': a.threads, 'ms_per_step_median': 1e3 * float(np.median(times))}))


if __name__ == '__main__':
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = p.add_subparsers(dest='command', required=True)
    c = commands.add_parser('make')
    c.add_argument('directory')
    c.add_argument('networks', nargs='*')
    c = commands.add_parser('trunk')
    c.add_argument('directory')
    c = commands.add_parser('run')
    c.add_argument('directory')
    c.add_argument('job', choices=['none', 'tv_l6', 'lpips', 'distance_32', 'distance_224'])
    c.add_argument('--network', choices=list(SIZES), default='resnet18')
    c.add_argument('--variant', choices=['reference', 'tuned'], default='reference')
    c.add_argument('--batch', type=int, default=32)
    c.add_argument('--steps', type=int, default=20)
    c.add_argument('--threads', type=int, default=os.cpu_count())
    arguments = p.parse_args()
    if arguments.command == 'make':
        make(arguments.directory, arguments.networks)
    elif arguments.command == 'trunk':
        trunk(arguments.directory)
    else:
        run(arguments)
