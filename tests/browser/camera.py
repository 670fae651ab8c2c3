"""What Chromium's fake camera shows: drawn faces."""

from pathlib import Path

from PIL import Image

from torch2web.demo.faces import draw_face

SHOWN = ("Bored", "Tired", "Confused", "Focused")
RATE, SECONDS_EACH = 10, 3


def write_video(path: Path) -> None:
    """Uncompressed (YUV4MPEG2), each face for a few seconds, again and again as Chromium plays it."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W224 H224 F{RATE}:1 Ip A1:1 C420jpeg\n".encode())
        for seed, label in enumerate(SHOWN):
            y, cb, cr = draw_face(label, 1000 + seed).convert("YCbCr").split()
            half = [plane.resize((112, 112), Image.Resampling.BOX).tobytes() for plane in (cb, cr)]
            for _ in range(RATE * SECONDS_EACH):
                file.write(b"FRAME\n" + y.tobytes() + b"".join(half))
