"""Recognises torchvision's networks where torchvision is not installed: by a digest of names and shapes."""

import re
import zlib
from collections.abc import Mapping

from torch2web.inspection.shapes import Shape, wrapper_of

_DIGESTS = {
    "mobilenet_v2": 0x85F317D9,
    "resnet18": 0x2297C765,
    "resnet34": 0x5A3834F2,
    "resnet50": 0x9445B9E6,
    "resnext50_32x4d": 0x8E1598E8,
    "wide_resnet50_2": 0xA1DF1915,
    "resnet101": 0x947CB13A,
    "resnet152": 0x0B38096A,
    "resnext101_32x8d": 0x9869EAB8,
    "resnext101_64x4d": 0xA0FB733B,
    "wide_resnet101_2": 0x86456B45,
    "mobilenet_v3_small": 0xD4B86E8C,
    "mobilenet_v3_large": 0xB6D8FA11,
    "efficientnet_b0": 0xDB3CD2E4,
    "efficientnet_b1": 0x0ACFEEFB,
    "efficientnet_b2": 0xF5573368,
    "efficientnet_b3": 0xE51B6531,
    "efficientnet_b4": 0xF32ADEFB,
    "efficientnet_v2_s": 0x277EF14A,
    "efficientnet_b5": 0xA7829A13,
    "efficientnet_b6": 0x8B792178,
    "efficientnet_v2_m": 0xF0B0F115,
    "efficientnet_b7": 0x997AD4A5,
    "efficientnet_v2_l": 0x70FAA73A,
    "alexnet": 0xC025B01F,
    "vgg11": 0xA24383BC,
    "vgg11_bn": 0xF73A150A,
    "vgg13": 0x3E458598,
    "vgg13_bn": 0x2B48E954,
    "vgg16": 0x957C107E,
    "vgg16_bn": 0xEFE13F9D,
    "vgg19": 0xA88AE537,
    "vgg19_bn": 0xAF9C1BD4,
    "densenet121": 0x40B61B1C,
    "densenet169": 0xE39E7F36,
    "densenet201": 0x99313949,
    "densenet161": 0xF6EC22C4,
    "squeezenet1_1": 0x44AD9729,
    "squeezenet1_0": 0x87A6BCA0,
    "shufflenet_v2_x0_5": 0x0DF95C47,
    "shufflenet_v2_x1_0": 0x1BB0CE02,
    "shufflenet_v2_x1_5": 0xA49F2837,
    "shufflenet_v2_x2_0": 0x1C5C5BAC,
    "mnasnet0_5": 0x8009FF33,
    "mnasnet0_75": 0xC1DEDA87,
    "mnasnet1_0": 0xFE19BBB4,
    "mnasnet1_3": 0x774F6812,
    "googlenet": 0x7347933C,
    "inception_v3": 0x6C8DC9CC,
    "regnet_y_400mf": 0xC400D0CC,
    "regnet_x_400mf": 0x552B138C,
    "regnet_y_800mf": 0xD4FBF6F1,
    "regnet_x_800mf": 0x78CB5219,
    "regnet_x_1_6gf": 0x8D496CB1,
    "regnet_y_1_6gf": 0xA576E1C0,
    "regnet_x_3_2gf": 0xA6CE4682,
    "regnet_y_3_2gf": 0x586130BE,
    "convnext_tiny": 0x7DD664E6,
    "convnext_small": 0x63362816,
    "convnext_base": 0x883AAAF9,
    "convnext_large": 0xBDE135D4,
    "vit_b_32": 0x603A561B,
    "vit_b_16": 0xB1C48E96,
    "vit_l_32": 0x59A338B2,
    "vit_l_16": 0x7F54138D,
    "swin_t": 0xD9C18858,
    "swin_v2_t": 0x0022025A,
    "swin_s": 0x845E7F7C,
    "swin_v2_s": 0x12C4F583,
    "swin_b": 0x95682DE6,
    "swin_v2_b": 0xCC340C9F,
    "maxvit_t": 0xB0E0D15E,
}
"""Of the members of torchvision.models in FAMILIES; a test compares them with torchvision where it is."""

_HEADS = re.compile(r"(fc|classifier|heads?|aux1|aux2|AuxLogits)\.")
"""Layers whose rows are the number of classes."""


def digest(shapes: Mapping[str, Shape], outputs: int | None) -> int:
    """Of all names and shapes, independent of a wrapper and of the number of classes, `outputs`."""
    start = len(wrapper_of(shapes))
    lines = []
    for name, shape in sorted((name[start:], shape) for name, shape in shapes.items()):
        free = bool(shape) and shape[0] == outputs and _HEADS.match(name)
        lines.append(f"{name} {[0, *shape[1:]] if free else list(shape)}")
    return zlib.crc32("\n".join(lines).encode())


def known_network(shapes: Mapping[str, Shape], outputs: int | None) -> str:
    """The function in torchvision.models whose network has all these names and shapes; else ""."""
    found = digest(shapes, outputs)
    return next((name for name, known in _DIGESTS.items() if known == found), "")
