"""Images of Fourier coefficients, and gradients, by PyTorch's own transform. Writes fourier.txt.

The formulas are those of lucent (optvis/param) and of the code released with Nanda et al. (2023),
human_nn_alignment/fft_image.py. Three lines for each case: channels, rows, columns, decay; the image
on [0, 1]; the gradient with respect to the coefficients of sum(weights * image). See numbers() for
the coefficients and the weights. For odd widths the published code carries one more column of
coefficients, which the transform drops.
"""
import pathlib

import numpy as np
import torch


def numbers(shape, factor):
    j = torch.arange(int(np.prod(shape)), dtype=torch.float64)
    return ((factor * j * j + 59 * j) % 256 / 64 - 2).reshape(shape)


def frequencies(h, w):
    fy = np.fft.fftfreq(h)[:, None]
    fx = np.fft.fftfreq(w)[: w // 2 + (2 if w % 2 == 1 else 1)]
    return np.sqrt(fx * fx + fy * fy)


def image(z, h, w, decay):
    scale = torch.tensor(1.0 / np.maximum(frequencies(h, w), 1.0 / max(w, h)) ** decay)
    planes = torch.fft.irfftn(torch.view_as_complex(scale[..., None] * z), s=(h, w), norm="ortho") / 4.0
    if len(planes) == 3:
        colours = np.asarray([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
        colours = colours / np.max(np.linalg.norm(colours, axis=0))
        planes = torch.matmul(planes.permute(1, 2, 0), torch.tensor(colours.T)).permute(2, 0, 1)
    return torch.sigmoid(planes)


def line(values):
    return " ".join(f"{v:.16g}" for v in values.detach().flatten().tolist())


lines = [f"# torch {torch.__version__}"]
for c, h, w, decay in [(3, 4, 6, 1.0), (3, 5, 3, 1.0), (1, 6, 5, 0.5), (1, 1, 1, 1.0)]:
    z = numbers((c, h, w // 2 + 1, 2), 37)
    more = frequencies(h, w).shape[1] - z.shape[2]
    z = torch.cat([z, torch.ones((c, h, more, 2), dtype=torch.float64)], 2).requires_grad_()
    x = image(z, h, w, decay)
    (x * numbers((c, h, w), 11)).sum().backward()
    lines += [f"{c} {h} {w} {decay}", line(x), line(z.grad[:, :, : w // 2 + 1])]
(pathlib.Path(__file__).parent / "fourier.txt").write_text("\n".join(lines) + "\n")
