from torch2web.site.writers.backends import Engine, Runtime, write_engine, write_runtime
from torch2web.site.writers.models import place_model
from torch2web.site.writers.templates import TEMPLATES, render
from torch2web.site.writers.verify_page import FOLDER, PAGE, Judged, write_verify_page

__all__ = [
    "FOLDER",
    "PAGE",
    "TEMPLATES",
    "Engine",
    "Judged",
    "Runtime",
    "place_model",
    "render",
    "write_engine",
    "write_runtime",
    "write_verify_page",
]
