"""plan/ops.h and plan/ops.c: types of each operator's words, arguments of its kernel, calls by kind."""

from collections.abc import Iterable

from web.engine.generate_ops.c_text import BANNER
from web.engine.generate_ops.table import ACTIVATION, FLOAT, Group, Operator, Table, fields_of

_SUMS = ("sums", "partial_sums")


def ops_h(table: Table) -> str:
    types = dict.fromkeys(word for operator in table.operators for word in _words(operator))
    integers = [name for name in types if name in _ranges(table)]
    others = [name for name in types if name not in integers]
    arguments = "".join(f"{_signature(operator)};\n" for operator in table.operators)
    checks = "".join(
        f"bool check_{operator.name}(const Plan *, const {operator.plan_struct} *);\n"
        for operator in table.operators
    )
    by_hand = "".join(
        f"void run_{operator.name}(const {operator.plan_struct} *, Thread, void *scratch);\n"
        f"uint64_t {operator.name}_scratch(const {operator.plan_struct} *);\n"
        for operator in table.operators
        if operator.run_by_hand
    )
    enumerators = "".join(f"  {name},\n" for name in (*others, *integers))
    return f"""{BANNER}//
// The operators of a plan: types of their words, arguments of their kernels, calls by kind.
#pragma once

#include "plan.h"

// Types of the words of an operator after its kind. From {integers[0]} on: integers, in `word_ranges`.
typedef enum {{
{enumerators}  WORD_TYPES
}} WordType;

typedef struct {{
  uint32_t min, max; // may be negative: `word - min` is at most `max - min`
}} WordRange;

typedef struct {{
  uint32_t count;
  const uint8_t *types; // WordType of each word
}} OpWords;

extern const WordRange word_ranges[WORD_TYPES];
extern const OpWords op_words[OPS];

// Arguments of an operator's kernel.
{arguments}
// Written by hand in check_*.c, called with words of the right types: whether the operator reads and writes
// within its tensors.
{checks}
// Written by hand in calls.c.
{by_hand}
bool check_op(const Plan *, uint32_t kind, const void *op);
void run_op(uint32_t kind, const void *op, Thread, void *scratch);
uint64_t op_scratch(uint32_t kind, const void *op);
"""


def ops_c(table: Table) -> str:
    ranges = "".join(
        f"  [{name}] = {{{low}, {high}}},\n"
        for name, (low, high) in _ranges(table).items()
        if any(name in _words(operator) for operator in table.operators)
    )
    words = "".join(
        f"static const uint8_t {operator.name}_words[] = {{{', '.join(_words(operator))}}};\n"
        for operator in table.operators
    )
    sizes = "".join(
        f"  [{operator.enumerator}] = {{sizeof {operator.name}_words, {operator.name}_words}},\n"
        for operator in table.operators
    )
    asserts = "".join(
        f"_Static_assert(sizeof({operator.plan_struct}) == 4 * sizeof {operator.name}_words, "
        f'"{operator.name}");\n'
        for operator in table.operators
    )
    parts = [
        f'{BANNER}#include "ops.h"\n\n#include "calls.h"\n\nSMALL_CODE\n',
        f"const WordRange word_ranges[WORD_TYPES] = {{\n{ranges}}};\n",
        words,
        asserts,
        f"const OpWords op_words[OPS] = {{\n{sizes}}};\n",
        *map(_arguments, table.operators),
        _dispatch(
            "bool check_op(const Plan *plan, uint32_t kind, const void *op)",
            map(_check_case, table.operators),
            "return false",
        ),
        _dispatch(
            "void run_op(uint32_t kind, const void *op, Thread thread, void *scratch)",
            map(_run_case, table.operators),
            "break",
        ),
        _dispatch(
            "uint64_t op_scratch(uint32_t kind, const void *op)",
            map(_scratch_case, table.operators),
            "return 0",
        ),
        "SMALL_CODE_END\n",
    ]
    return "\n".join(parts)


def _words(operator: Operator) -> list[str]:
    """The enumerator of WordType for each word of an operator."""
    words = []
    for _, group in fields_of(operator.plan_groups):
        if group.type.name == ACTIVATION:
            words += ["WORD_ACTIVATION_KIND", "WORD_ANY", "WORD_ANY"]
        elif group.type.name == FLOAT:
            words.append("WORD_ANY")
        elif group.type.pointer:
            name = group.type.name if group.type.name in _SUMS else "tensor"
            words.append(f"WORD_{'OPTIONAL_' * group.optional}{name.upper()}")
        else:
            words += [f"WORD_{group.type.name.upper()}"] * group.type.words
    return words


def _ranges(table: Table) -> dict[str, tuple[str, str]]:
    """Bounds of the integer types, by enumerator of WordType."""
    return {
        f"WORD_{name.upper()}": (
            f"(uint32_t){type_.low}" if type_.low.startswith("-") else type_.low,
            type_.high,
        )
        for name, type_ in table.types.items()
        if type_.low
    }


def _signature(operator: Operator) -> str:
    return f"{operator.kernel_struct} {operator.name}_arguments(const {operator.plan_struct} *op)"


def _arguments(operator: Operator) -> str:
    starts = {group.start_of: name for name, group in fields_of(operator.groups) if group.start_of}
    members, copies = [], []
    for name, group in fields_of(operator.kernel_groups):
        if group.set_by_hand:
            continue
        if group.type.axes:
            copies.append(f"arguments.{name}[i] = (int32_t)op->{name}[i];\n")
        else:
            members.append(f"      .{name} = {_value(name, group, starts.get(name))},\n")
    literal = f"{{\n{''.join(members)}  }}"
    if not copies:
        return f"{_signature(operator)} {{\n  return ({operator.kernel_struct}){literal};\n}}\n"
    return (
        f"{_signature(operator)} {{\n  {operator.kernel_struct} arguments = {literal};\n"
        f"  for (int i = 0; i < MAX_RANK; i++) {{\n{''.join(copies)}  }}\n  return arguments;\n}}\n"
    )


def _value(name: str, group: Group, start: str | None) -> str:
    if group.type.pointer:
        return f"tensor_at(op->{name})" + (f" + op->{start}" if start else "")
    if group.type.is_integer:
        return f"(int32_t)op->{group.equals or name}"
    return f"op->{name}"


def _dispatch(signature: str, cases: Iterable[str], otherwise: str) -> str:
    return f"{signature} {{\n  switch (kind) {{\n{''.join(cases)}    default: {otherwise};\n  }}\n}}\n"


def _check_case(operator: Operator) -> str:
    return f"    case {operator.enumerator}: return check_{operator.name}(plan, op);\n"


def _run_case(operator: Operator) -> str:
    if operator.run_by_hand:
        return f"    case {operator.enumerator}: run_{operator.name}(op, thread, scratch); break;\n"
    scratch = ", scratch" if operator.scratch else ""
    call = f"{operator.kernel}(&arguments, thread{scratch}); break;"
    return _case(operator, call)


def _scratch_case(operator: Operator) -> str:
    if operator.run_by_hand:
        return f"    case {operator.enumerator}: return {operator.name}_scratch(op);\n"
    return _case(operator, f"return {operator.kernel}_scratch(&arguments);") if operator.scratch else ""


def _case(operator: Operator, call: str) -> str:
    arguments = f"const {operator.kernel_struct} arguments = {operator.name}_arguments(op);"
    return f"    case {operator.enumerator}: {{ {arguments} {call} }}\n"
