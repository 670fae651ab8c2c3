"""ViT, Swin with shifted windows, ConvNeXt and MLP-Mixer, with few channels."""

import torch
from torch import Tensor, nn


class Vit(nn.Module):
    """Attention of torch.nn, class token and learned positions."""

    def __init__(self, num_classes: int = 10, image_size: int = 32, width: int = 24) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, width, 8, 8)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embedding = nn.Parameter(torch.randn(1, (image_size // 8) ** 2 + 1, width) / 10)
        self.ln = nn.LayerNorm(width, eps=1e-6)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.mlp = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 48), nn.GELU(), nn.Linear(48, width))
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], dim=1) + self.pos_embedding
        y = self.ln(x)
        x = x + self.attention(y, y, y, need_weights=False)[0]
        x = x + self.mlp(x)
        logits: Tensor = self.head(x[:, 0])
        return logits


class SdpaVit(nn.Module):
    """As in timm: one matrix for query, key and value, and scaled_dot_product_attention."""

    def __init__(self, num_classes: int = 10, width: int = 24, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.patch = nn.Conv2d(3, width, 8, 8)
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).transpose(1, 2)
        batch, length, width = x.shape
        qkv = self.qkv(self.norm(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        y = nn.functional.scaled_dot_product_attention(query, key, value)
        x = x + self.proj(y.transpose(1, 2).reshape(batch, length, width))
        logits: Tensor = self.head(x.mean(dim=1))
        return logits


class WindowAttention(nn.Module):
    def __init__(self, width: int, window: int, heads: int, shift: int) -> None:
        super().__init__()
        self.window, self.heads, self.shift = window, heads, shift
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)
        self.bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads) / 10)
        axis = torch.arange(window)
        grid = torch.stack(torch.meshgrid(axis, axis, indexing="ij")).flatten(1)
        relative = (grid[:, :, None] - grid[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer(
            "index", relative[..., 0] * (2 * window - 1) + relative[..., 1], persistent=False
        )

    def forward(self, x: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        size = self.window
        if self.shift:
            x = torch.roll(x, shifts=(-self.shift, -self.shift), dims=(1, 2))
        x = x.view(batch, height // size, size, width // size, size, channels)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(-1, size * size, channels)
        qkv = (
            self.qkv(x).reshape(-1, size * size, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        )
        query, key, value = qkv[0] * (channels // self.heads) ** -0.5, qkv[1], qkv[2]
        attention = query @ key.transpose(-2, -1)
        index = self.get_buffer("index")
        bias = self.bias_table[index.view(-1)].view(size * size, size * size, -1).permute(2, 0, 1)
        attention = (attention + bias.unsqueeze(0)).softmax(dim=-1)
        x = self.proj((attention @ value).transpose(1, 2).reshape(-1, size * size, channels))
        x = x.view(-1, height // size, width // size, size, size, channels)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(-1, height, width, channels)
        if self.shift:
            x = torch.roll(x, shifts=(self.shift, self.shift), dims=(1, 2))
        return x


class Swin(nn.Module):
    """Windows, shifted windows, and patch merging; its relative positions are not in the state dict."""

    def __init__(self, num_classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, width, 4, 4)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.blocks = nn.ModuleList(WindowAttention(width, 4, 2, shift) for shift in (0, 2))
        self.reduction = nn.Linear(4 * width, 2 * width, bias=False)
        self.norm = nn.LayerNorm(2 * width)
        self.head = nn.Linear(2 * width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).permute(0, 2, 3, 1)
        for norm, block in zip(self.norms, self.blocks, strict=True):
            x = x + block(norm(x))
        x = torch.cat([x[:, 0::2, 0::2], x[:, 1::2, 0::2], x[:, 0::2, 1::2], x[:, 1::2, 1::2]], -1)
        logits: Tensor = self.head(self.norm(self.reduction(x)).mean((1, 2)))
        return logits


class ConvNextBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(nn.functional.gelu(self.pwconv1(y)))
        result: Tensor = x + y.permute(0, 3, 1, 2)
        return result


class ConvNext(nn.Module):
    def __init__(self, num_classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 4, 4)
        self.blocks = nn.Sequential(ConvNextBlock(width), ConvNextBlock(width))
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.norm(self.blocks(self.stem(x)).mean([-2, -1])))
        return logits


class Mixer(nn.Module):
    def __init__(self, num_classes: int = 10, width: int = 24, patches: int = 16) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 8, 8)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(width) for _ in range(3))
        self.tokens = nn.Sequential(nn.Linear(patches, 32), nn.GELU(), nn.Linear(32, patches))
        self.channels = nn.Sequential(nn.Linear(width, 48), nn.GELU(), nn.Linear(48, width))
        self.head = nn.Linear(width, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x).flatten(2).transpose(1, 2)
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        x = x + self.channels(self.norm2(x))
        logits: Tensor = self.head(self.norm3(x).mean(dim=1))
        return logits
