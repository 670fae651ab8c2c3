from torch2web.serve.host_emulation.create import create_imitation

__all__ = [
    "create_imitation",
]
