"""Pieces of generated C: comments, enumerations, structs."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from web.engine.generate_ops.table import ACTIVATION, FLOAT, Constant, Enumeration, Group, fields_of

BANNER = (
    "// Generated from ops.toml by `python -m web.engine.generate_ops`: edit that table, not this file.\n"
)


def comment(*paragraphs: str) -> str:
    """Lines of `//` comments, with an empty line between paragraphs; "" without text."""
    lines = "\n\n".join(filter(None, paragraphs)).splitlines()
    return "".join(f"// {line}".rstrip() + "\n" for line in lines)


def trailing(text: str) -> str:
    return f" // {text}" if text else ""


def number(value: int) -> str:
    return f"{value:#x}" if value >= 2**16 else str(value)


def constants(entries: Iterable[Constant]) -> str:
    lines = (f"  {entry.name} = {number(entry.value)},{trailing(entry.doc)}\n" for entry in entries)
    return f"enum {{\n{''.join(lines)}}};\n"


def enumeration(entry: Enumeration) -> str:
    lines = [f"  {entry.prefix}_{v.name},{trailing(v.doc or v.meaning)}\n" for v in entry.values]
    if entry.count:
        lines.append(f"  {entry.count}, // number of the others\n")
    return f"{comment(entry.doc)}typedef enum {{\n{''.join(lines)}}} {entry.name};\n"


def struct(name: str, members: Sequence[str]) -> str:
    return "typedef struct {\n" + "".join(f"  {member}\n" for member in members) + f"}} {name};\n"


def plan_members(groups: Iterable[Group]) -> list[str]:
    """The declarations of fields as words of a plan."""
    members = []
    for is_tensor, several in groupby(groups, lambda group: group.type.pointer is not None):
        if is_tensor:
            members.append(f"uint32_t {', '.join(name for name, _ in fields_of(list(several)))};")
        else:
            members += map(_plan_member, several)
    return members


def _plan_member(group: Group) -> str:
    text = group.doc
    if group.type.name == ACTIVATION:
        return _declaration("Activation", group, text)
    if group.type.name == FLOAT:
        return _declaration("float", group, text)
    return _declaration("int32_t" if group.type.low.startswith("-") else "uint32_t", group, text)


def kernel_member(group: Group) -> str:
    """The declaration of a group of fields as arguments of a kernel."""
    named = group.type.enumeration.name if group.type.enumeration else ""
    text = group.doc or named
    if group.type.pointer:
        pointed = group.type.pointer.removesuffix("*")
        return f"{pointed}{', '.join(f'*{name}' for name in group.names)};{trailing(text)}"
    c_type = {ACTIVATION: "Activation", FLOAT: "float"}.get(group.type.name, "int32_t")
    return _declaration(c_type, group, text)


def _declaration(c_type: str, group: Group, text: str) -> str:
    length = f"[{group.type.axes}]" if group.type.axes else ""
    return f"{c_type} {', '.join(name + length for name in group.names)};{trailing(text)}"
