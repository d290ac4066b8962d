"""Iterates of the published searches, computed apart from Metamer.

Written from the published code, with its names where there are some:

  nvedant07/Human-NN-Alignment  attack/losses.py, human_nn_alignment/reg_free_loss.py
  nvedant07/deep-learning-base  attack/attack_module.py, attack/attack_steps.py, architectures/
  MadryLab/robustness           attacker.py, attack_steps.py
  MadryLab/robust_representations  image_inversion.ipynb
  jenellefeather/model_metamers_pytorch  analysis_scripts/make_metamers_imagenet_16_category_val_400_...py
  aravindhm/deep-goggle         core/invert_nn.m, experiments/experiment_cnn.m

Needs PyTorch, NumPy and SciPy; made with PyTorch 1.13, NumPy 1.24 and SciPy 1.10:

  python3 make.py

It writes two networks (smooth.onnx, and relu.onnx, which is searched with a fake ReLU), a linear
one, and a file for each search with

  targets, seeds   [2, 3, 8, 8]; float32, so that both sides start from the same numbers
  teacher          [21, 2, 3, 8, 8] float32: the search in float on relu.onnx
  free             [4, 2, 3, 8, 8] float64: its iterates TIMES in double on smooth.onnx

The weights of the networks are float32 in either case. Of the two searches in Fourier coefficients
the iterates are those, [..., 3, 8, 10] with real and imaginary parts in turn.
"""

import numpy as np
import torch
import torch.nn as nn
from scipy.optimize import minimize

STEPS = 20
TIMES = [1, 5, 10, 20]
SIZE = 8
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)


class FakeReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        return g


class Smooth(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.latent = nn.Linear(8 * 2 * 2, 12)
        self.head = nn.Linear(12, 4)

    def features(self, x):
        x = nn.functional.softplus(self.conv1(x))
        x = torch.tanh(self.conv2(x))
        x = nn.functional.avg_pool2d(x, 2)
        return torch.tanh(self.latent(torch.flatten(x, 1)))

    def forward(self, x):
        return self.head(self.features(x))


class Relu(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 12, 3, stride=2, padding=1)
        self.head = nn.Linear(12, 4)

    def latent(self, x, last):
        x = torch.relu(self.conv1(x))
        x = last(self.conv2(x))
        return torch.flatten(nn.functional.avg_pool2d(x, 4), 1)

    def features(self, x):
        return self.latent(x, FakeReLU.apply)

    def forward(self, x):
        return self.head(self.latent(x, torch.relu))


def normalize(x):
    """InputNormalize: clamp, then mean and deviation."""
    mean = torch.tensor(MEAN, dtype=x.dtype)[:, None, None]
    std = torch.tensor(STD, dtype=x.dtype)[:, None, None]
    return (torch.clamp(x, 0, 1) - mean) / std


# ---- nvedant07: attack/losses.py

def rep_loss(model, inp, targ):
    rep = model.features(inp)
    return torch.div(torch.norm(rep - targ, p=2, dim=1), torch.norm(targ, p=2, dim=1))


def tv(x, beta=2.0):
    down = x[..., 1:, :] - x[..., :-1, :]
    across = x[..., :, 1:] - x[..., :, :-1]
    return torch.pow((down ** 2).sum((-3, -2, -1)) + (across ** 2).sum((-3, -2, -1)), beta / 2.0)


def l1(x, constant=0.5):
    return torch.sum(torch.abs(x - constant), dim=(1, 2, 3))


def lp(x, p=6):
    return torch.linalg.norm(x.flatten(1), dim=1, ord=p)


def blur(x):
    with torch.no_grad():
        k = torch.zeros(x.shape[1], x.shape[1], 3, 3, dtype=x.dtype)
        for c in range(x.shape[1]):
            k[c, c] = 0.5
            k[c, c, 1, 1] = 1.0
        conv = lambda t: nn.functional.conv2d(t, k, padding=1)
        blurred = conv(x) / conv(torch.ones_like(x))
    return 0.5 * torch.sum((x - blurred) ** 2, dim=(1, 2, 3))


NANDA = {
    "reg_free": lambda model, x, targ: rep_loss(model, normalize(x), targ),
    "freq": lambda model, x, targ: 10.0 * rep_loss(model, normalize(x), targ)
    + 0.0005 * tv(x) + 0.0005 * blur(x) + 0.00005 * l1(x),
    "freq_tv_l6": lambda model, x, targ: 10.0 * rep_loss(model, normalize(x), targ)
    + 0.0005 * tv(x) + 1.0 * lp(x),
}


def released_adversarial(images):
    """LpNormLossSingleModelPerceptual: the model sees pixels that nothing normalises. In place of
    LPIPS, the mean of the squared differences."""
    def loss(model, x, targ):
        distance = ((x - images.to(x.dtype)) ** 2).mean((1, 2, 3))
        return rep_loss(model, x, targ) - 10 * distance
    return loss


# ---- attack/attack_steps.py

def norms(g):
    return torch.norm(g.view(g.shape[0], -1), dim=1).view(-1, 1, 1, 1)


def unconstrained_step(x, g, step_size=1.0):
    return torch.clamp(x + g / (norms(g) + 1e-10) * step_size, 0, 1)


def l2_step(orig, eps, x, g, step_size=1.0):
    x = x + g / (norms(g) + 1e-10) * step_size
    diff = (x - orig).renorm(p=2, dim=0, maxnorm=eps)
    return torch.clamp(orig + diff, 0, 1)


def attack(loss, step, x, iterations):
    """The loop of Attacker.get_adv_examples, targeted; all its iterates."""
    iterates = [x]
    for _ in range(iterations):
        x = x.clone().detach().requires_grad_(True)
        grad, = torch.autograd.grad(-torch.mean(loss(x)), [x])
        with torch.no_grad():
            x = step(x, grad)
        iterates.append(x)
    return iterates


# ---- the searches: from a model, targets, seeds and a type to iterates

def nanda(name):
    def search(model, targets, seeds):
        targ = model.features(normalize(targets)).detach()
        return attack(lambda x: NANDA[name](model, x, targ), unconstrained_step, seeds, STEPS)
    return search


def nanda_released_adversarial(model, targets, seeds):
    targ = model.features(normalize(targets)).detach()
    loss = released_adversarial(targets)
    return attack(lambda x: loss(model, x, targ), unconstrained_step, seeds, STEPS)


def engstrom(model, targets, seeds):
    targ = model.features(normalize(targets)).detach()
    loss = lambda x: rep_loss(model, normalize(x), targ)
    return attack(loss, lambda x, g: l2_step(seeds, 1000, x, g), seeds, STEPS)


def feather(rounds, iterations):
    def search(model, targets, seeds):
        targ = model.features(normalize(targets)).detach()
        loss = lambda x: rep_loss(model, normalize(x), targ)
        iterates, step_size = [seeds], 1.0
        for _ in range(rounds):
            start = iterates[-1]
            step = lambda x, g: l2_step(start, 100000, x, g, step_size)
            iterates += attack(loss, step, start, iterations)[1:]
            step_size /= 2
        return iterates
    return search


# human_nn_alignment/fft_image.py, after lucid and lucent: what is searched are coefficients.

def fft_image(z):
    z = z.view(*z.shape[:-1], -1, 2)
    fy, fx = np.fft.fftfreq(SIZE)[:, None], np.fft.fftfreq(SIZE)[: SIZE // 2 + 1]
    scale = 1 / np.maximum(np.sqrt(fx * fx + fy * fy), 1.0 / SIZE)
    scaled = torch.tensor(scale, dtype=z.dtype)[None, None, ..., None] * z
    image = torch.fft.irfftn(torch.view_as_complex(scaled), s=(SIZE, SIZE), norm="ortho") / 4
    color = np.asarray([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
    color = torch.tensor(color / np.max(np.linalg.norm(color, axis=0)), dtype=z.dtype)
    return torch.sigmoid((image.permute(0, 2, 3, 1) @ color.T).permute(0, 3, 1, 2))


def nanda_fft(clamped):
    """Released, the step class clamps what it takes for pixels."""
    def search(model, targets, seeds):
        targ = model.features(normalize(targets)).detach()
        loss = lambda z: rep_loss(model, normalize(fft_image(z)), targ)
        step = unconstrained_step if clamped else lambda x, g: x + g / (norms(g) + 1e-10)
        return attack(loss, step, seeds, STEPS)
    return search


# deep-goggle works on pixels of 0 to 255 less the network's mean image. Here that is the mean
# colour of Caffe's (ilsvrc_2012_mean.npy averaged; RGB). x0_sigma.mat holds 2.7098e4, for images of
# 227 x 227; for others it is scaled by the root of their size.
AVERAGE = (122.6789, 116.6688, 104.0070)
X0_SIGMA = 2.7098e4


def x0_sigma(shape):
    return X0_SIGMA * np.sqrt(np.prod(shape[1:]) / (3.0 * 227 * 227))


def average(dtype):
    return torch.tensor(AVERAGE, dtype=dtype)[:, None, None]


def goggle_tv(x, beta=2.0):
    """tv of invert_nn.m with its derivative; rows are the first axis of an image there as here."""
    d1 = torch.cat([x[..., :, 1:], x[..., :, -1:]], -1) - x
    d2 = torch.cat([x[..., 1:, :], x[..., -1:, :]], -2) - x
    v = torch.sqrt(d1 * d1 + d2 * d2) ** beta
    f = torch.clamp(v, min=1e-5) ** (2 * (beta / 2 - 1) / beta)
    d1, d2 = f * d1, f * d2
    d11 = torch.cat([d1[..., :, :1], d1[..., :, :-1]], -1) - d1
    d22 = torch.cat([d2[..., :1, :], d2[..., :-1, :]], -2) - d2
    d11[..., :, 0] = -d1[..., :, 0]
    d22[..., 0, :] = -d2[..., 0, :]
    return v.sum((1, 2, 3)), beta * (d11 + d22)


def mahendran_vedaldi(rounds, boxed=True):
    """invert_nn of each image on its own (numRepeats 1); boxed, pixels are clipped to 0 to 255
    after each step, and the network clips its input, as those of Metamer do."""
    lambda_tv, lambda_l2, beta, momentum = 1e2, 8e-10, 6, 0.9
    rates = [0.004 * factor for factor, length in rounds for _ in range(length)]

    def search(model, targets, seeds):
        mean = average(targets.dtype)
        to_unit = lambda x: (x + mean) / 255
        y0 = model.features(normalize(targets)).detach()
        sigma2, y2 = x0_sigma(seeds.shape) ** 2, (y0 ** 2).sum(1).view(-1, 1, 1, 1)
        x = 255 * seeds - mean
        velocity, previous = torch.zeros_like(x), 0
        iterates = [seeds]
        for lr in rates:
            x = x.detach().requires_grad_(True)
            d = model.features(normalize(to_unit(x))) - y0
            dzdx, = torch.autograd.grad((d * d).sum(), [x])
            with torch.no_grad():
                _, dr = goggle_tv(x)
                dr = lambda_tv / 2 * dr + lambda_l2 / 2 * beta * x ** (beta - 1)
                if lr != previous:
                    velocity, previous = 0 * velocity, lr
                velocity = momentum * velocity - lr * dr - (lr * sigma2 / y2) * dzdx
                x = x + velocity
                if boxed:
                    x = torch.maximum(torch.minimum(x, 255 - mean), -mean)
            iterates.append(to_unit(x))
        return iterates
    return search


# ---- other rules, on the loss of reg_free, each clipped to [0, 1] after its step

def per_image(update):
    """update(x, g) with the gradient of each image's own loss."""
    def search(model, targets, seeds):
        targ = model.features(normalize(targets)).detach()
        iterates, state = [seeds], {}
        for _ in range(STEPS):
            x = iterates[-1].clone().detach().requires_grad_(True)
            g, = torch.autograd.grad(rep_loss(model, normalize(x), targ).sum(), [x])
            with torch.no_grad():
                iterates.append(torch.clamp(update(x, g, state), 0, 1).detach())
        return iterates
    return search


def heavy_ball(x, g, state):
    state["v"] = 0.9 * state.get("v", 0) - 0.5 * g
    return x + state["v"]


def adam(rate, cosine=False):
    def search(model, targets, seeds):
        targ = model.features(normalize(targets)).detach()
        x = seeds.clone().requires_grad_(True)
        optimizer = torch.optim.Adam([x], lr=rate)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
        iterates = [seeds]
        for _ in range(STEPS):
            optimizer.zero_grad()
            rep_loss(model, normalize(x), targ).sum().backward()
            optimizer.step()
            if cosine:
                schedule.step()
            with torch.no_grad():
                x.clamp_(0, 1)
            iterates.append(x.detach().clone())
        return iterates
    return search


# ---- seeds

def super_noise():
    return torch.randn(3, SIZE, SIZE).repeat(2, 1, 1, 1)


def fourier_noise():
    return torch.randn(3, SIZE, 2 * (SIZE // 2 + 1)).repeat(2, 1, 1, 1)


def gray_noise():
    return torch.clamp(torch.randn(2, 3, SIZE, SIZE) / 20 + 0.5, 0, 1)


def sphere_noise():
    """randn scaled to the norm x0_sigma, each image."""
    x = torch.randn(2, 3, SIZE, SIZE)
    return ((x / norms(x) * x0_sigma(x.shape) + average(x.dtype)) / 255).float()


SHORT = [(1, 8), (0.1, 7), (0.01, 5)]
SEARCHES = {
    "nanda2023.reg_free": (nanda("reg_free"), super_noise),
    "nanda2023.freq": (nanda("freq"), super_noise),
    "nanda2023.freq_tv_l6": (nanda("freq_tv_l6"), super_noise),
    "nanda2023Released.adversarial": (nanda_released_adversarial, super_noise),
    "nanda2023.fft": (nanda_fft(False), fourier_noise),
    "nanda2023Released.fft": (nanda_fft(True), fourier_noise),
    "engstrom2019": (engstrom, gray_noise),
    "feather2023": (feather(4, STEPS // 4), gray_noise),
    "mahendranVedaldi2015": (mahendran_vedaldi(SHORT), sphere_noise),
    "sign": (per_image(lambda x, g, state: x - 0.02 * torch.sign(g)), gray_noise),
    "gradient": (per_image(lambda x, g, state: x - 0.5 * g), gray_noise),
    "momentum": (per_image(heavy_ball), gray_noise),
    "fast": (adam(0.2, cosine=True), super_noise),
    "adam": (adam(0.05), gray_noise),
}


def bounded_convex():
    """min ||A x - A t|| / ||A t|| + 0.03 TV(x) over [0, 1], whose solution is unique."""
    torch.manual_seed(7)
    a = torch.randn(60, 48)
    linear = nn.Sequential(nn.Flatten(), nn.Linear(48, 60, bias=False), nn.Linear(60, 2))
    linear[1].weight.data = a
    export(linear, "linear", 4)
    target = (torch.rand(3, 4, 4) > 0.5).float()
    a, t = a.double(), target.double()
    b = a @ t.flatten()

    def f(v):
        x = torch.tensor(v, requires_grad=True)
        loss = torch.norm(a @ x - b) / torch.norm(b) + 0.03 * tv(x.view(1, 3, 4, 4))[0]
        g, = torch.autograd.grad(loss, [x])
        return loss.item(), g.numpy()

    x = np.full(48, 0.5)
    for _ in range(5):
        x = minimize(f, x, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * 48,
                     options=dict(ftol=1e-16, gtol=1e-12, maxiter=10000, maxcor=30)).x
    loss, g = f(x)
    free = (x > 0) & (x < 1)
    print("lbfgs: loss", loss, "gradient of free pixels", np.abs(g[free]).max(),
          "at a bound", (~free).sum(), "distance", (torch.norm(a @ torch.tensor(x) - b) / torch.norm(b)).item())
    np.savez_compressed("lbfgs.npz", targets=target[None].numpy(), solution=x.reshape(1, 3, 4, 4),
                        loss=np.array([loss]))


def export(model, name, size):
    torch.onnx.export(model.eval(), torch.zeros(1, 3, size, size), name + ".onnx", opset_version=13,
                      input_names=["image"], output_names=["logits"],
                      dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}})


def main():
    torch.manual_seed(0)
    smooth, relu = Smooth(), Relu()
    for parameter in list(smooth.parameters()) + list(relu.parameters()):
        parameter.data *= 1.5
    export(smooth, "smooth", SIZE)
    export(relu, "relu", SIZE)
    for name, (search, seeds) in SEARCHES.items():
        torch.manual_seed(1)
        targets, x0 = torch.rand(2, 3, SIZE, SIZE), seeds()
        teacher = search(relu.float(), targets, x0)
        free = search(smooth.double(), targets.double(), x0.double())
        assert len(teacher) == len(free) == STEPS + 1
        image = lambda x: fft_image(x) if x.shape[-1] != SIZE else x
        losses = lambda m, xs, t: [
            rep_loss(m, normalize(image(x)), m.features(normalize(t))).tolist() for x in xs]
        with torch.no_grad():
            print(name, np.round(losses(relu.float(), teacher, targets)[::10], 4).tolist(),
                  np.round(losses(smooth, free, targets.double())[::10], 4).tolist())
        np.savez_compressed(
            name + ".npz", targets=targets.numpy(), seeds=x0.numpy(),
            teacher=np.stack([x.detach().numpy().astype(np.float32) for x in teacher]),
            free=np.stack([free[t].detach().numpy() for t in TIMES]))
    bounded_convex()


if __name__ == "__main__":
    main()
