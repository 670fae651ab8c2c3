"""A network whose memory is measured: the shape of ViT-B/16 (Dosovitskiy et al. 2021), 86 million weights."""

import torch
from torch import Tensor, nn

SIZE, PATCH, WIDTH, HEADS, LAYERS = 224, 16, 768, 12, 12
CLASSES = 10


class VisionTransformer(nn.Module):
    """Logits [batch, CLASSES] of images [batch, 3, SIZE, SIZE], float32."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, WIDTH, PATCH, PATCH)
        self.class_token = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.positions = nn.Parameter(torch.randn(1, 1 + (SIZE // PATCH) ** 2, WIDTH) * 0.02)
        self.layers = nn.Sequential(*(_Layer() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(WIDTH)
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        patches = self.patches(images).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(images.shape[0], -1, -1), patches], 1)
        found: Tensor = self.head(self.norm(self.layers(tokens + self.positions))[:, 0])
        return found


class _Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(WIDTH)
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.before_product = nn.LayerNorm(WIDTH)
        self.product = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        normed = self.before_attention(x)
        x = x + self.attention(normed, normed, normed, need_weights=False)[0]
        return x + self.product(self.before_product(x))  # type: ignore[no-any-return]
