"""Inspection: what a file says of its model, what can be told from it, and what has to be asked."""

from torch2web.inspection.answers import Missing, Proposal, Taken
from torch2web.inspection.beside import read_preprocessor
from torch2web.inspection.facts import FileFacts, LikelyNetwork
from torch2web.inspection.health import Finding, examine
from torch2web.inspection.inspector import Inspector
from torch2web.inspection.labels import labels_in_file
from torch2web.inspection.proposal import complete
from torch2web.inspection.read import read_facts

__all__ = [
    "FileFacts",
    "Finding",
    "Inspector",
    "LikelyNetwork",
    "Missing",
    "Proposal",
    "Taken",
    "complete",
    "examine",
    "labels_in_file",
    "read_facts",
    "read_preprocessor",
]
