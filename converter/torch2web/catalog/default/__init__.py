"""The default catalogue: the demo's models, images and weights. Nothing else imports `demo`."""

from torch2web.catalog.default.demo_materials import default_materials, demo_catalog

__all__ = ["default_materials", "demo_catalog"]
