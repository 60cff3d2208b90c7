"""The names and shapes of weights as timm writes them, put down independently of our nets.

Compared once with the state dictionaries of timm 1.0 itself (docs/log.md); timm is not needed here.
"""

from __future__ import annotations

from collections.abc import Iterator

Shapes = dict[str, tuple[int, ...]]


def _norm(name: str, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for part in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{part}", (width,)
    yield f"{name}.num_batches_tracked", ()


def _linear(name: str, outputs: int, inputs: int, *kernel: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs, *kernel), f"{name}.bias": (outputs,)}


def resnet_names(depth: int, classes: int = 1000) -> Shapes:
    """``resnet18`` and so on."""
    counts = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}[depth]
    narrow = depth < 50
    grown = 1 if narrow else 4
    names: Shapes = {"conv1.weight": (64, 3, 7, 7), **dict(_norm("bn1", 64))}
    inputs = 64
    for stage, count in enumerate(counts):
        width = 64 * 2**stage
        for i in range(count):
            block = f"layer{stage + 1}.{i}"
            if narrow:
                kernels = [(width, inputs, 3, 3), (width, width, 3, 3)]
            else:
                kernels = [
                    (width, inputs, 1, 1), (width, width, 3, 3), (4 * width, width, 1, 1),
                ]  # fmt: skip
            for number, shape in enumerate(kernels, 1):
                names[f"{block}.conv{number}.weight"] = shape
                names |= dict(_norm(f"{block}.bn{number}", shape[0]))
            if i == 0 and (stage or not narrow):
                names[f"{block}.downsample.0.weight"] = (grown * width, inputs, 1, 1)
                names |= dict(_norm(f"{block}.downsample.1", grown * width))
            inputs = grown * width
    return names | _linear("fc", classes, inputs)


def vit_names(width: int, depth: int, patch: int, places: int, classes: int = 1000) -> Shapes:
    """``vit_tiny_patch16_224`` and so on."""
    names: Shapes = {
        "cls_token": (1, 1, width),
        "pos_embed": (1, places, width),
        **_linear("patch_embed.proj", width, 3, patch, patch),
    }
    for i in range(depth):
        block = f"blocks.{i}"
        for part in ("norm1", "norm2"):
            names |= {f"{block}.{part}.weight": (width,), f"{block}.{part}.bias": (width,)}
        names |= _linear(f"{block}.attn.qkv", 3 * width, width)
        names |= _linear(f"{block}.attn.proj", width, width)
        names |= _linear(f"{block}.mlp.fc1", 4 * width, width)
        names |= _linear(f"{block}.mlp.fc2", width, 4 * width)
    names |= {"norm.weight": (width,), "norm.bias": (width,)}
    return names | _linear("head", classes, width)


def efficientnet_b0_names(classes: int = 1000) -> Shapes:
    """``efficientnet_b0``."""
    stages = [  # blocks, kernel, expansion, channels
        (1, 3, 1, 16), (2, 3, 6, 24), (2, 5, 6, 40), (3, 3, 6, 80),
        (3, 5, 6, 112), (4, 5, 6, 192), (1, 3, 6, 320),
    ]  # fmt: skip
    names: Shapes = {"conv_stem.weight": (32, 3, 3, 3), **dict(_norm("bn1", 32))}
    inputs = 32
    for stage, (count, kernel, expansion, outputs) in enumerate(stages):
        for i in range(count):
            block, inside, squeezed = f"blocks.{stage}.{i}", inputs * expansion, inputs // 4
            excite = _linear(f"{block}.se.conv_reduce", squeezed, inside, 1, 1)
            excite |= _linear(f"{block}.se.conv_expand", inside, squeezed, 1, 1)
            depthwise = {f"{block}.conv_dw.weight": (inside, 1, kernel, kernel)}
            if expansion == 1:
                names |= depthwise | dict(_norm(f"{block}.bn1", inside)) | excite
                names |= {f"{block}.conv_pw.weight": (outputs, inside, 1, 1)}
                names |= dict(_norm(f"{block}.bn2", outputs))
            else:
                names |= {f"{block}.conv_pw.weight": (inside, inputs, 1, 1)}
                names |= dict(_norm(f"{block}.bn1", inside)) | depthwise
                names |= dict(_norm(f"{block}.bn2", inside)) | excite
                names |= {f"{block}.conv_pwl.weight": (outputs, inside, 1, 1)}
                names |= dict(_norm(f"{block}.bn3", outputs))
            inputs = outputs
    names |= {"conv_head.weight": (1280, 320, 1, 1), **dict(_norm("bn2", 1280))}
    return names | _linear("classifier", classes, 1280)
