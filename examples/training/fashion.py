"""Fashion-MNIST as tensors in [0, 1], straight from the IDX files of Debian's dataset-fashion-mnist."""

import gzip
import pathlib

import numpy
import torch

DEFAULT_DATA = "/usr/share/datasets/fashion-mnist"

# Names in label order, in the spelling used for file names.
CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat",
           "sandal", "shirt", "sneaker", "bag", "ankle-boot")

# Mean and standard deviation of the training pixels. Every network expects pixels that were
# normalised with these; the normalisation is not part of the ONNX files.
MEAN = 0.2860
STD = 0.3530


def normalise(pixels):
    """Pixels in [0, 1] -> what the networks take."""
    return (pixels - MEAN) / STD


def read_idx(path):
    """An IDX file of unsigned bytes as a numpy array (two zero bytes, type 8, rank, sizes, data)."""
    data = gzip.open(path, "rb").read()
    if data[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is not an IDX file of unsigned bytes")
    rank = data[3]
    shape = numpy.frombuffer(data, ">u4", rank, 4)
    return numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * rank).reshape(shape)


def load(split, directory=DEFAULT_DATA):
    """`split` is "train" or "t10k"; returns images [n, 1, 28, 28] in [0, 1] and labels [n]."""
    directory = pathlib.Path(directory)
    images = read_idx(directory / f"{split}-images-idx3-ubyte.gz")
    labels = read_idx(directory / f"{split}-labels-idx1-ubyte.gz")
    images = torch.from_numpy(images.astype(numpy.float32) / 255).unsqueeze(1)
    return images, torch.from_numpy(labels.astype(numpy.int64))


def augment(images, generator):
    """Random crop after zero-padding by two pixels, and a left-right flip for half of the images."""
    count, _, height, width = images.shape
    padded = torch.nn.functional.pad(images, (2, 2, 2, 2)).squeeze(1)
    top = torch.randint(0, 5, (count, 1), generator=generator)
    left = torch.randint(0, 5, (count, 1), generator=generator)
    flip = torch.rand(count, 1, generator=generator) < 0.5
    rows = top + torch.arange(height)
    columns = torch.arange(width).expand(count, width)
    columns = left + torch.where(flip, width - 1 - columns, columns)
    example = torch.arange(count)[:, None, None]
    return padded[example, rows[:, :, None], columns[:, None, :]].unsqueeze(1)
