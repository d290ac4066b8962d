"""Exports a network of torchvision or timm to ONNX, with what is needed to verify the import.

    python torch_network.py resnet18                      torchvision's
    python torch_network.py timm/vit_tiny_patch16_224     timm's

Random weights, unless --pretrained. Run with torch 2.15, torchvision 0.29, timm 1.0, onnxscript 0.7.
"""

import argparse
import pathlib

import numpy as np
import torch

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def network(name, pretrained):
    if name.startswith("timm/"):
        import timm

        return timm.create_model(name[5:], pretrained=pretrained).eval()
    import torchvision

    return torchvision.models.get_model(name, weights="DEFAULT" if pretrained else None).eval()


def export(model, images, file, exporter):
    if exporter == "new":
        # The batch of the example must not be 1, or it is taken to be fixed.
        batch = torch.export.Dim("batch")
        torch.onnx.export(
            model, (images,), file, dynamo=True, input_names=["input"], dynamic_shapes=({0: batch},)
        )
    else:
        # Otherwise attention is one fused operation that this exporter does not know.
        torch.backends.mha.set_fastpath_enabled(False)
        torch.onnx.export(
            model, (images,), file, dynamo=False, opset_version=17,
            input_names=["input"], output_names=["output"],
            dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
        )


def last_linear(model):
    return [m for m in model.modules() if isinstance(m, torch.nn.Linear)][-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("network")
    parser.add_argument("--pretrained", action="store_true")
    parser.add_argument("--exporter", choices=["old", "new"], default="new")
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("network"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)

    torch.manual_seed(0)
    model = network(args.network, args.pretrained)
    images = torch.rand(2, 3, args.size, args.size)
    export(model, images, str(args.out / "model.onnx"), args.exporter)

    # The representation is what enters the last linear layer; its gradient is with respect to the images in [0, 1].
    # Double precision, so that the stored numbers have no error of their own.
    model = model.double()
    taken = []
    last_linear(model).register_forward_pre_hook(lambda module, inputs: taken.append(inputs[0]))
    x = images.double().requires_grad_()
    model((x - MEAN) / STD)
    representation = taken[-1]
    cotangent = torch.randn_like(representation)
    (representation * cotangent).sum().backward()
    for name, array in {
        "images": images, "representation": representation, "cotangent": cotangent, "gradient": x.grad
    }.items():
        np.save(args.out / f"{name}.npy", array.detach().float().numpy())


if __name__ == "__main__":
    main()
