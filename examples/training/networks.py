"""The two architectures. Both return (logits, features); the judge can also return its ReLU maps."""

import torch
from torch import nn
from torch.nn import functional as F


class ConvNorm(nn.Module):
    """Convolution and batch norm; with norm=False a convolution with bias, as in the exported file."""

    def __init__(self, inputs, outputs, kernel, stride=1, norm=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=not norm)
        self.norm = nn.BatchNorm2d(outputs) if norm else None

    def forward(self, x):
        x = self.conv(x)
        return x if self.norm is None else self.norm(x)

    def folded(self):
        """Weight and bias of the one convolution that does what this pair does in evaluation mode."""
        scale = self.norm.weight / torch.sqrt(self.norm.running_var + self.norm.eps)
        return self.conv.weight * scale[:, None, None, None], self.norm.bias - self.norm.running_mean * scale


class BasicBlock(nn.Module):
    """relu(x + two 3x3 convolutions of x): the basic block of ResNet v1."""

    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.conv1 = ConvNorm(inputs, outputs, 3, stride, norm)
        self.conv2 = ConvNorm(outputs, outputs, 3, 1, norm)
        same = inputs == outputs and stride == 1
        self.shortcut = None if same else ConvNorm(inputs, outputs, 1, stride, norm)

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


class ResNet(nn.Module):
    """5x5 stem with stride 2, then stages of basic blocks at 14x14, 7x7 and 4x4."""

    def __init__(self, widths=(32, 64, 128), blocks=(1, 1, 1), norm=True):
        super().__init__()
        self.stem = ConvNorm(1, widths[0], 5, 2, norm)
        inputs, stages = widths[0], []
        for number, (width, count) in enumerate(zip(widths, blocks)):
            stage = []
            for block in range(count):
                stride = 2 if number > 0 and block == 0 else 1
                stage.append(BasicBlock(inputs, width, stride, norm))
                inputs = width
            stages.append(nn.Sequential(*stage))
        self.stages = nn.Sequential(*stages)
        self.head = nn.Linear(inputs, 10)

    def forward(self, x):
        x = self.stages(F.relu(self.stem(x)))
        features = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
        return self.head(features), features


class Vgg(nn.Module):
    """Five 3x3 convolutions with ReLU at 28x28, 14x14, 14x14, 7x7 and 7x7; no shortcuts."""

    POOL_AFTER = (1, 3)

    def __init__(self, widths=(24, 48, 64, 96, 112), norm=True):
        super().__init__()
        inputs = (1,) + tuple(widths[:-1])
        self.convs = nn.ModuleList(ConvNorm(i, o, 3, 1, norm) for i, o in zip(inputs, widths))
        self.head = nn.Linear(widths[-1], 10)
        self.return_maps = False

    def forward(self, x):
        maps = []
        for number, conv in enumerate(self.convs, start=1):
            x = F.relu(conv(x))
            maps.append(x)
            if number in self.POOL_AFTER:
                x = F.max_pool2d(x, 2)
        features = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)
        result = (self.head(features), features)
        return result + tuple(maps) if self.return_maps else result


ARCHITECTURES = {"resnet": ResNet, "vgg": Vgg}


def fold(network):
    """The same network in evaluation mode with every batch norm folded into its convolution."""
    state = {}
    for name, module in network.named_modules():
        if isinstance(module, ConvNorm):
            state[f"{name}.conv.weight"], state[f"{name}.conv.bias"] = module.folded()
        elif isinstance(module, nn.Linear):
            state[f"{name}.weight"], state[f"{name}.bias"] = module.weight, module.bias
    result = type(network)(norm=False)
    result.load_state_dict(state)
    return result.eval()


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def multiply_adds(network):
    """Multiply-adds of the convolutions and the linear layer for one 28x28 image."""
    total = 0

    def count(module, _, output):
        nonlocal total
        total += module.weight.numel() * output.numel() // output.shape[1]

    hooks = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        network.eval()(torch.zeros(1, 1, 28, 28))
    for hook in hooks:
        hook.remove()
    return total
