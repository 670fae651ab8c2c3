"""kernels/operators.h and plan/format.h: constants, enumerations and structs."""

from web.engine.generate_ops.c_text import (
    BANNER,
    comment,
    constants,
    enumeration,
    kernel_member,
    plan_members,
    struct,
)
from web.engine.generate_ops.table import Operator, Table

_ACTIVATION = """typedef struct {
  int32_t kind; // ActivationKind
  float a, b;
} Activation;
"""


def operators_h(table: Table) -> str:
    """Arguments and functions of the kernels."""
    parts = [
        f"{BANNER}//\n// Arguments and functions of the kernels; kernels.h has the rules.\n#pragma once\n",
        '#include "work_range.h"\n',
        *_shared(table, "kernels"),
        _ACTIVATION,
        *map(_kernel, table.operators),
    ]
    return "\n".join(parts)


def format_h(table: Table) -> str:
    """The sections and records of a plan."""
    opening = comment(
        "The format of a plan, in little-endian 32-bit words:\n"
        "  Header, Tensor[tensors], PackedWeight[packed_weights], PackRule[pack_rules],\n"
        "  float[constants], operators.\n"
        "An operator is its OpKind, then its struct. Tensors, packed weights and constants are referred to\n"
        "by index.",
    )
    kinds = "".join(f"  {operator.enumerator},\n" for operator in table.operators)
    parts = [
        f"{BANNER}//\n{opening}#pragma once\n",
        '#include "kernels.h"\n',
        *_shared(table, "plan"),
        *(
            comment(section.doc) + struct(section.name, plan_members(section.groups))
            for section in table.sections
        ),
        f"typedef enum {{\n{kinds}  OPS, // number of the others\n}} OpKind;\n",
        "// The kernels' arguments with tensors in the place of pointers: see operators.h.\n",
        *(struct(operator.plan_struct, plan_members(operator.plan_groups)) for operator in table.operators),
    ]
    return "\n".join(parts)


def _shared(table: Table, header: str) -> list[str]:
    return [
        constants(entry for entry in table.constants if entry.header == header),
        *(enumeration(entry) for entry in table.enumerations if entry.header == header),
    ]


def _kernel(operator: Operator) -> str:
    name, arguments = operator.kernel, operator.kernel_struct
    text = comment(operator.summary, operator.doc)
    text += struct(arguments, [kernel_member(group) for group in operator.kernel_groups]) + "\n"
    if operator.scratch:
        text += f"uint64_t {name}_scratch(const {arguments} *);\n"
    scratch = ", void *scratch" if operator.scratch else ""
    return f"{text}void {name}(const {arguments} *, Thread{scratch});\n"
