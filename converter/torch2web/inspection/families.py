"""Families of networks: how names of weights tell them, and which members are compared with a checkpoint."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Networks whose weights have the same kind of names."""

    name: str
    marker: str
    """Regular expression of a name of a weight that every member has."""
    torchvision: str = ""
    """Members in torchvision.models, separated by spaces, small ones first."""
    timm: str = ""
    """Members in timm, likewise."""
    own: str = ""
    """Architecture of this package."""


FAMILIES = (
    Family("MobileNetV2", r"features\.1\.conv\.0\.0\.weight", "mobilenet_v2", own="mobilenet_v2"),
    Family(
        "EfficientNet of efficientnet-pytorch", r"_blocks\.0\._depthwise_conv\.weight", own="efficientnet_b0"
    ),
    Family("LandmarkCNN", r"conv3\.weight", own="landmark_cnn"),
    Family(
        "ResNet",
        r"layer1\.0\.conv1\.weight",
        "resnet18 resnet34 resnet50 resnext50_32x4d wide_resnet50_2 resnet101 resnet152 resnext101_32x8d "
        "resnext101_64x4d wide_resnet101_2",
        "resnet10t resnet14t resnet18d resnet26 resnet26d resnet34d resnet50d seresnet50 seresnext50_32x4d "
        "legacy_seresnet18 legacy_seresnet34 legacy_seresnet50 ecaresnet50d resnet101d resnet152d",
    ),
    Family("MobileNetV3", r"features\.1\.block\.0\.0\.weight", "mobilenet_v3_small mobilenet_v3_large"),
    Family(
        "EfficientNet",
        r"features\.1\.0\.block\.0\.0\.weight",
        "efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 efficientnet_v2_s "
        "efficientnet_b5 efficientnet_b6 efficientnet_v2_m efficientnet_b7 efficientnet_v2_l",
    ),
    Family(
        "timm's EfficientNet, MobileNet or MNASNet",
        r"blocks\.0\.0\.(conv|conv_dw|conv_pw|conv_exp)\.weight",
        timm="mobilenetv3_small_050 mobilenetv3_small_100 mobilenetv2_050 mobilenetv2_100 "
        "mobilenetv4_conv_small mobilenetv3_large_100 mnasnet_100 lcnet_050 lcnet_100 tinynet_a "
        "efficientnet_lite0 efficientnet_b0 efficientnet_b1 efficientnet_b2 efficientnet_b3 efficientnet_b4 "
        "efficientnetv2_rw_t "
        "efficientnetv2_rw_s tf_efficientnetv2_b0 tf_efficientnetv2_b3 tf_efficientnetv2_s "
        "tf_efficientnet_b0 tf_efficientnet_b3 tf_efficientnet_b4 mobilenetv4_conv_medium",
    ),
    Family("AlexNet", r"features\.10\.weight", "alexnet"),
    Family(
        "VGG",
        r"features\.0\.weight",
        "vgg11 vgg11_bn vgg13 vgg13_bn vgg16 vgg16_bn vgg19 vgg19_bn",
    ),
    Family(
        "DenseNet",
        r"features\.denseblock1\.denselayer1\.norm1\.weight",
        "densenet121 densenet169 densenet201 densenet161",
        "densenet121 densenet169 densenet201 densenet161",
    ),
    Family("SqueezeNet", r"features\.3\.squeeze\.weight", "squeezenet1_1 squeezenet1_0"),
    Family(
        "ShuffleNetV2",
        r"stage2\.0\.branch1\.0\.weight",
        "shufflenet_v2_x0_5 shufflenet_v2_x1_0 shufflenet_v2_x1_5 shufflenet_v2_x2_0",
    ),
    Family("MNASNet", r"layers\.8\.0\.layers\.0\.weight", "mnasnet0_5 mnasnet0_75 mnasnet1_0 mnasnet1_3"),
    Family("GoogLeNet", r"inception3a\.branch1\.conv\.weight", "googlenet"),
    Family("Inception v3", r"Mixed_5b\.branch1x1\.conv\.weight", "inception_v3"),
    Family(
        "RegNet",
        r"trunk_output\.block1\.block1-0\.f\.a\.0\.weight",
        "regnet_y_400mf regnet_x_400mf regnet_y_800mf regnet_x_800mf regnet_x_1_6gf regnet_y_1_6gf "
        "regnet_x_3_2gf regnet_y_3_2gf",
    ),
    Family(
        "timm's RegNet",
        r"s1\.b1\.conv1\.conv\.weight",
        timm="regnety_002 regnetx_002 regnety_004 regnety_008",
    ),
    Family(
        "ConvNeXt",
        r"features\.1\.0\.layer_scale",
        "convnext_tiny convnext_small convnext_base convnext_large",
    ),
    Family(
        "timm's ConvNeXt",
        r"stages\.0\.blocks\.0\.conv_dw\.weight",
        timm="convnext_atto convnext_femto convnext_pico convnext_nano convnext_tiny convnext_small "
        "convnext_base convnextv2_atto convnextv2_femto convnextv2_pico convnextv2_nano convnextv2_tiny "
        "convnextv2_base",
    ),
    Family(
        "ViT",
        r"encoder\.layers\.encoder_layer_0\.ln_1\.weight",
        "vit_b_32 vit_b_16 vit_l_32 vit_l_16",
    ),
    Family(
        "timm's ViT",
        r"blocks\.0\.attn\.qkv\.weight",
        timm="vit_tiny_patch16_224 vit_small_patch32_224 vit_small_patch16_224 vit_base_patch32_224 "
        "vit_base_patch16_224 vit_base_patch8_224 deit_tiny_distilled_patch16_224 "
        "deit_small_distilled_patch16_224 vit_small_patch14_dinov2 vit_base_patch14_dinov2 "
        "vit_large_patch16_224",
    ),
    Family(
        "Swin",
        r"features\.1\.0\.attn\.relative_position_bias_table|features\.1\.0\.attn\.cpb_mlp\.0\.weight",
        "swin_t swin_v2_t swin_s swin_v2_s swin_b swin_v2_b",
    ),
    Family(
        "timm's Swin",
        r"layers\.0\.blocks\.0\.attn\.(relative_position_bias_table|cpb_mlp\.0\.weight)",
        timm="swin_tiny_patch4_window7_224 swin_small_patch4_window7_224 swin_base_patch4_window7_224 "
        "swinv2_tiny_window8_256",
    ),
    Family("MaxViT", r"blocks\.0\.layers\.0\.layers\.MBconv\.layers\.pre_norm\.weight", "maxvit_t"),
    Family(
        "timm's MLP-Mixer",
        r"blocks\.0\.mlp_tokens\.fc1\.weight",
        timm="mixer_s32_224 mixer_s16_224 mixer_b16_224",
    ),
    Family(
        "a network of Hugging Face's transformers",
        r"(vit|deit|beit|swin|swinv2|convnext|convnextv2|resnet|regnet|mobilevit|mobilenet_v2|levit|dinov2)"
        r"\.(embeddings|embedder|encoder)\..+",
    ),
)


def families_of(names: list[str]) -> tuple[Family, ...]:
    """Families that weights of these names may belong to."""
    text = "\n".join(names)
    return tuple(family for family in FAMILIES if re.search(rf"(^|\.)({family.marker})$", text, re.MULTILINE))
