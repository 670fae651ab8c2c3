"""Writers of a site's files, each with one kind of file."""

from torch2web.site.writers.backends import BackendFiles, write_backends
from torch2web.site.writers.docs import write_docs
from torch2web.site.writers.embed import EmbedFiles, write_embed
from torch2web.site.writers.links import PageLink
from torch2web.site.writers.loader import LoaderFiles, write_loader
from torch2web.site.writers.manifest_files import ManifestFiles, write_manifest
from torch2web.site.writers.models import place_model
from torch2web.site.writers.offline import write_offline
from torch2web.site.writers.pages import PageFiles, write_pages
from torch2web.site.writers.snippet import counted_answers, same_answers
from torch2web.site.writers.start import StartFiles, write_start
from torch2web.site.writers.templates import Templates, megabytes, render
from torch2web.site.writers.verify_page import FOLDER as VERIFY_FOLDER
from torch2web.site.writers.verify_page import PAGE as VERIFY_PAGE
from torch2web.site.writers.verify_page import Judged, write_verify_page

__all__ = [
    "VERIFY_FOLDER",
    "VERIFY_PAGE",
    "BackendFiles",
    "EmbedFiles",
    "Judged",
    "LoaderFiles",
    "ManifestFiles",
    "PageFiles",
    "PageLink",
    "StartFiles",
    "Templates",
    "counted_answers",
    "megabytes",
    "place_model",
    "render",
    "same_answers",
    "write_backends",
    "write_docs",
    "write_embed",
    "write_loader",
    "write_manifest",
    "write_offline",
    "write_pages",
    "write_start",
    "write_verify_page",
]
