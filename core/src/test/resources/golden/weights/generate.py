"""Writes the files of this folder: the same tensors in every format, and their numbers in values.txt.

Run with torch >= 2.3 and safetensors: python generate.py
Run with torch 1.13:                   python generate.py old
"""
import argparse
import collections
import pathlib
import sys
import zipfile

import numpy as np
import torch

torch.manual_seed(7)
here = pathlib.Path(__file__).parent


def tensors():
    base = torch.arange(60, dtype=torch.float32) / 8 - 3
    return collections.OrderedDict(
        [
            ("conv.weight", ((torch.arange(24) - 12) / 7).reshape(2, 3, 2, 2)),
            ("conv.bias", torch.tensor([0.1, -1e-30])),
            ("double", torch.tensor([[1 / 3, -1e300]], dtype=torch.float64)),
            ("half", torch.tensor([0.1, -65504.0, 6e-8, 1e-5, 0.0, 2.5], dtype=torch.float16)),
            ("bfloat", torch.tensor([0.1, -3e38, 1e-40, 2.5], dtype=torch.bfloat16)),
            ("long", torch.tensor([2**40, -5])),
            ("int", torch.tensor([[2**30], [-7]], dtype=torch.int32)),
            ("short", torch.tensor([-32768, 9], dtype=torch.int16)),
            ("char", torch.tensor([-128, 3], dtype=torch.int8)),
            ("byte", torch.tensor([0, 255, 7], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False, True])),
            ("number", torch.tensor(4.25)),
            ("none", torch.zeros(0, 3)),
            ("rows", base[10:50].reshape(8, 5)[2:6, 1:4]),
            ("turned", base.reshape(3, 4, 5).permute(2, 0, 1)),
            ("last", (torch.arange(36) / 9).reshape(1, 4, 3, 3).contiguous(memory_format=torch.channels_last)),
            ("spread", torch.tensor([[1.5], [2.5]]).expand(2, 3)),
            ("tied", base),
            ("tied.again", base),
        ]
    )


def values(state):
    with open(here / "values.txt", "w") as out:
        for name, t in state.items():
            numbers = t.double().reshape(-1).tolist()
            shape = ",".join(map(str, t.shape)) or "-"
            out.write(" ".join([name, shape, *map(repr, numbers)]) + "\n")


def checkpoint(state):
    model = torch.nn.Linear(2, 1)
    adam = torch.optim.Adam(model.parameters())
    model(torch.ones(1, 2)).sum().backward()
    adam.step()
    return {
        "epoch": 3,
        "best": np.float64(0.5),
        "history": [0.25, None, (1, "two")],
        "mean": np.array([[0.485, 0.456], [0.406, 0.25]], dtype=np.float32),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "names": np.array(["cat", "dog"]),
        "args": argparse.Namespace(lr=0.1, out=pathlib.PosixPath("runs")),
        "sizes": torch.Size([2, 3]),
        "device": torch.device("cpu"),
        "type": torch.float32,
        "classes": {"a", "b"},
        "big": 2**90,
        "state_dict": state,
        "parameter": torch.nn.Parameter(torch.tensor([3.0, 4.0])),
        "linear": model.state_dict(),
        "optimizer": adam.state_dict(),
    }


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(2, 1)


state = tensors()
if "old" in sys.argv:
    torch.save(state, here / "torch1.pth")
    torch.save(state, here / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(checkpoint(state), here / "checkpoint_legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(torch.nn.Linear(2, 1), here / "model_legacy.pth", _use_new_zipfile_serialization=False)
    torch.jit.script(torch.nn.Linear(2, 1)).save(str(here / "script.pt"))
else:
    from safetensors.torch import save_file

    values(state)
    torch.save(state, here / "torch2.pth")
    torch.save(state, here / "protocol4.pth", pickle_protocol=4)
    torch.save(checkpoint(state), here / "checkpoint.pth")
    torch.save(checkpoint(state), here / "checkpoint5.pth", pickle_protocol=5)
    torch.save(torch.nn.Linear(2, 1), here / "model.pth")
    torch.save(torch.tensor([1.0, 2.0]), here / "alone.pt")
    torch.save({"u16": torch.tensor([1, 65535], dtype=torch.uint16)}, here / "uint16.pth")
    torch.save({"z": torch.tensor([1j])}, here / "complex.pth")
    # What a machine with the other byte order would write.
    with zipfile.ZipFile(here / "torch2.pth") as little, zipfile.ZipFile(here / "big.pth", "w") as big:
        widths = {}
        for number, t in enumerate({t.untyped_storage().data_ptr(): t for t in state.values()}.values()):
            widths[f"torch2/data/{number}"] = t.element_size()
        for entry in little.infolist():
            content = little.read(entry)
            if entry.filename == "torch2/byteorder":
                content = b"big"
            width = widths.get(entry.filename, 1)
            content = b"".join(content[i : i + width][::-1] for i in range(0, len(content), width))
            if entry.filename == "torch2/byteorder":
                content = b"big"
            big.writestr(entry.filename, content)
    flat = {name: t.contiguous().clone() for name, t in state.items()}
    save_file(flat, here / "all.safetensors", metadata={"made by": "torch"})
    arrays = {name: t.numpy() for name, t in state.items() if t.dtype != torch.bfloat16}
    np.savez(here / "all.npz", **arrays)
    np.savez_compressed(here / "compressed.npz", **arrays, zeros=np.zeros(100_000), names=np.array(["cat"]))
    x = np.arange(12).reshape(3, 4)
    for name, descr in [("f4", "<f4"), ("f8", "<f8"), ("f2", "<f2"), ("i8", "<i8"), ("u1", "|u1"), ("b1", "|b1"),
                        ("big", ">f4"), ("u2", "<u2"), ("u4", "<u4")]:
        np.save(here / f"{name}.npy", (x % 2 if name == "b1" else x).astype(descr))
    np.save(here / "fortran.npy", np.asfortranarray(x.astype("<f4")))
    np.save(here / "object.npy", np.array([None]), allow_pickle=True)
    np.save(here / "complex.npy", np.array([1j]))
