"""Bounds on the values of a pickle: no key that takes exponential time to hash, no number too long to
print."""

from typing_extensions import TypeIs

from torch2web.sources.checkpoint.values import MAX_INT_BITS, ArrayRef, DamagedError, DtypeRef

_MAX_KEY_ATOMS = 64
"""Elements of a tuple that is a key: hashing nested tuples that share elements takes exponential time."""


def checked_key(key: object) -> object:
    """`key`, if hashing it takes bounded time; else raises DamagedError."""
    remaining = _MAX_KEY_ATOMS
    pending = [key]
    while pending:
        remaining -= 1
        value = pending.pop()
        if isinstance(value, tuple) and len(value) <= remaining:
            pending.extend(value)
        elif remaining < 0 or isinstance(value, list | dict | set | bytearray | tuple):
            raise DamagedError("the pickle has a key that is no key")
    return key


def checked_constant(name: str, argument: object) -> object:
    if isinstance(argument, int) and argument.bit_length() > MAX_INT_BITS:
        raise DamagedError(f"the pickle has a number of {argument.bit_length():,} bits")
    if isinstance(argument, bytearray):
        return bytes(argument)
    if isinstance(argument, str):
        if name in ("BINSTRING", "SHORT_BINSTRING"):  # Python 2: bytes, which genops shows as Latin-1
            raw = argument.encode("latin-1")
            try:
                return raw.decode()
            except UnicodeDecodeError:
                return raw
        if not argument.isascii():  # lone surrogates could not be printed
            return argument.encode("utf-8", "replace").decode()
    return argument


def set_array(array: ArrayRef, state: object) -> None:
    if not isinstance(state, tuple) or len(state) != 5:
        raise DamagedError("the pickle has an incomplete NumPy array")
    _, shape, dtype, fortran, content = state
    content = content.encode("utf-8") if isinstance(content, str) else content
    if not isinstance(dtype, DtypeRef) or not is_shape(shape):
        raise DamagedError("the pickle has a NumPy array without a shape or dtype")
    array.dtype, array.shape, array.fortran = dtype, shape, fortran is True
    array.content = content if isinstance(content, bytes) else b""
    array.objects = content if isinstance(content, list) else None


def is_shape(value: object) -> TypeIs[tuple[int, ...]]:
    """Whether it is a tuple of at most 64 whole numbers that are not negative."""
    return (
        isinstance(value, tuple)
        and len(value) <= 64
        and all(type(side) is int and side >= 0 for side in value)
    )
