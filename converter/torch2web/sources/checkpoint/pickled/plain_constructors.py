"""Classes of the standard library beside the weights, as plain data: containers, paths, dates."""

from collections.abc import Callable

from torch2web.sources.checkpoint.pickled.checks import checked_key
from torch2web.sources.checkpoint.values import DamagedError, Global, Mapped, Opaque

Args = tuple[object, ...]


def _mapped(args: Args) -> Mapped:
    """OrderedDict(), or of pairs, or of a dict."""
    made = Mapped()
    pairs = args[-1] if args else ()
    for pair in pairs.items() if isinstance(pairs, dict) else pairs if isinstance(pairs, list) else ():
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise DamagedError("a dict of what are no pairs")
        made[checked_key(pair[0])] = pair[1]
    return made


def _elements(args: Args) -> list[object]:
    return list(args[0]) if args and isinstance(args[0], list | tuple | set | frozenset) else []


def _bytes(args: Args) -> bytes:
    if not args:
        return b""
    if isinstance(args[0], str):
        return args[0].encode("latin-1")
    if isinstance(args[0], bytes):
        return args[0]
    if isinstance(args[0], list):
        return bytes(value for value in args[0] if isinstance(value, int))
    raise DamagedError("bytes of what is no string")


def _complex(args: Args) -> complex:
    real, imaginary = args
    if not isinstance(real, float | int) or not isinstance(imaginary, float | int):
        raise DamagedError("a complex number of what are no numbers")
    return complex(real, imaginary)


def _attribute(args: Args) -> object:
    """getattr(Enum, "NAME"), as enumerations are saved: the name, which is not looked up."""
    owner, name = args
    if not isinstance(owner, Global) or not isinstance(name, str):
        raise DamagedError("an attribute of what is no class")
    return Opaque(owner.path, (name,))


def _joined(separator: str) -> Callable[[Args], str]:
    def join(args: Args) -> str:
        parts = [part for part in args if isinstance(part, str)]
        if len(parts) > 1 and parts[0].endswith(separator):  # the root, or a drive
            return parts[0] + separator.join(parts[1:])
        return separator.join(parts)

    return join


def _packed(args: Args, size: int) -> bytes:
    packed = args[0].encode("latin-1") if isinstance(args[0], str) else args[0]
    if not isinstance(packed, bytes) or len(packed) != size:
        raise DamagedError("a date of another size")
    return packed


def _date(packed: bytes) -> str:
    return f"{packed[0] * 256 + packed[1]:04}-{packed[2] & 127:02}-{packed[3]:02}"


def _time(packed: bytes) -> str:
    micro = int.from_bytes(packed[3:6], "big")
    return f"{packed[0] & 127:02}:{packed[1]:02}:{packed[2]:02}" + (f".{micro:06}" if micro else "")


def _datetime(args: Args) -> str:
    packed = _packed(args, 10)
    zone = args[1] if len(args) > 1 and isinstance(args[1], str) else ""
    return f"{_date(packed)}T{_time(packed[4:])}{zone}"


def _timedelta(args: Args) -> float:
    days, seconds, micro = args
    if not isinstance(days, int) or not isinstance(seconds, int) or not isinstance(micro, int):
        raise DamagedError("a duration of what are no numbers")
    return days * 86400 + seconds + micro / 1e6


def _timezone(args: Args) -> str:
    seconds = args[0] if args and isinstance(args[0], float | int) else 0.0
    minutes = int(abs(seconds)) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def _first(args: Args) -> object:
    if len(args) != 1 or not isinstance(args[0], str | int | float | bytes):
        raise DamagedError("a number or string of something else")
    return args[0]


PLAIN: dict[str, Callable[[Args], object]] = {
    "collections.OrderedDict": _mapped,
    "collections.defaultdict": lambda args: _mapped(args[1:]),
    "collections.Counter": _mapped,
    "collections.deque": _elements,
    "builtins.set": lambda args: set(map(checked_key, _elements(args))),
    "builtins.frozenset": lambda args: frozenset(map(checked_key, _elements(args))),
    "builtins.list": _elements,
    "builtins.tuple": lambda args: tuple(_elements(args)),
    "builtins.dict": _mapped,
    "builtins.bytearray": _bytes,
    "builtins.bytes": _bytes,
    "builtins.complex": _complex,
    "builtins.getattr": _attribute,
    "builtins.object": lambda args: Opaque("builtins.object", args),
    "builtins.slice": lambda args: Opaque("builtins.slice", args),
    "builtins.range": lambda args: Opaque("builtins.range", args),
    "builtins.int": _first,
    "builtins.float": _first,
    "builtins.str": _first,
    "builtins.bool": _first,
    "_codecs.encode": _bytes,
    "argparse.Namespace": lambda _: Opaque("argparse.Namespace"),
    "types.SimpleNamespace": lambda _: Opaque("types.SimpleNamespace"),
    **{f"pathlib.{kind}": _joined("/") for kind in ("Path", "PurePath", "PosixPath", "PurePosixPath")},
    **{f"pathlib.{kind}": _joined("\\") for kind in ("WindowsPath", "PureWindowsPath")},
    "datetime.datetime": _datetime,
    "datetime.date": lambda args: _date(_packed(args, 4)),
    "datetime.time": lambda args: _time(_packed(args, 6)),
    "datetime.timedelta": _timedelta,
    "datetime.timezone": _timezone,
    "uuid.UUID": lambda args: Opaque("uuid.UUID", args),
    "decimal.Decimal": _first,
}
