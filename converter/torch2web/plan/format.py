"""The format of a plan: constants, enumerations and sections.

Generated from web/engine/ops.toml by `python -m web.engine.generate_ops`: edit the table, not this file.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

MAX_THREADS = 64
MAX_RANK = 6
"""Axes of Binary and Copy."""
PLAN_MAGIC = 0x50573254
""""T2WP"."""
PLAN_VERSION = 5
MAX_DIMENSION = 0x1000000
"""Of a dimension, kernel, stride or padding."""
MAX_FLOATS = 0x10000000
"""In a tensor, packed weight or arena: an index fits an int32, a size in bytes a uint32."""
PACK_RANK = 5
"""Axes of a PackRule."""


class ActivationKind(IntEnum):
    """Functions of one number; a and b are the parameters of Activation."""

    NONE = 0
    CLIP = 1
    """Max(a, min(x, b)), a or b may be infinite; NaN stays. Relu is [0, inf], Relu6 [0, 6]."""
    SIGMOID = 2
    SILU = 3
    """x * sigmoid(x)."""
    HARD_SIGMOID = 4
    """Clip(a * x + b, 0, 1)."""
    HARD_SWISH = 5
    """x * clip(a * x + b, 0, 1); a = 1/6, b = 1/2 in ONNX."""
    LEAKY_RELU = 6
    """x < 0 ? a * x : x."""
    TANH = 7
    EXP = 8
    LOG = 9
    SQRT = 10
    ABS = 11
    ERF = 12
    GELU = 13
    """x / 2 * (1 + erf(x / sqrt(2)))."""
    GELU_TANH = 14
    """x * sigmoid(sqrt(8 / pi) * (x + 0.044715 * x^3)), the approximation of GELU by tanh."""
    ELU = 15
    """x < 0 ? a * (exp(x) - 1) : b * x; b = 1 but for Selu."""
    SOFTPLUS = 16
    """Log(1 + exp(x))."""
    MISH = 17
    """x * tanh(log(1 + exp(x)))."""


class MatrixFormat(IntEnum):
    """Layouts of a reduced-precision matrix, each in panels of 8 outputs: [ceil(outputs / 8)] times what
    is given here."""

    INT8 = 0
    """[inputs][8] int8; the sum is multiplied by scale[output]."""
    INT4 = 1
    """[ceil(inputs / 32)][8 float scales, then [32][4 bytes]]: a nibble is the integer + 8, byte b of a
    row holds outputs 2b (low) and 2b + 1 (high); `scale` is unused; inputs % 32 == 0."""
    FLOAT16 = 2
    """[inputs][8] float16; `scale` is unused."""
    INT8_BY_INPUT = 3
    """[inputs][8] int8, multiplied by scale[input]."""
    SHIFTED16 = 4
    """The same of numbers below 128, without denormals, infinities and NaN: sign, 5 bits of the exponent +
    25, 10 of the fraction; 0 has exponent 0."""


class PoolKind(IntEnum):
    """Reductions of a window, over its values inside the input."""

    MAX = 0
    """NaN where one is NaN, as in torch; onnxruntime's result then depends on the position in the window."""
    AVERAGE = 1
    """Divided by the number of values inside the input."""
    AVERAGE_WITH_PADDING = 2
    """Divided by the number of positions inside the padded input."""


class ReduceKind(IntEnum):
    SUM = 0
    MEAN = 1
    MAX = 2
    INDEX_OF_MAX = 3
    """Of the first of the largest values, as a float; NaN is larger than any, as in torch."""


class BinaryKind(IntEnum):
    ADD = 0
    SUB = 1
    MUL = 2
    DIV = 3
    MIN = 4
    MAX = 5


class Place(IntEnum):
    """Memory regions of tensors."""

    ARENA = 0
    """`offset` floats into the arena."""
    CONSTANT = 1
    """`offset` floats into the constants."""
    PACKED_WEIGHT = 2
    """Packed weight number `offset`, from its start."""
    SUMS = 3
    """[threads][length], a region apart: valid for the next operator only."""


class PackedLayout(IntEnum):
    """Layouts of packed weights."""

    FLAT = 0
    """[inputs]; outputs and groups are 1."""
    PANELS8 = 1
    """For each group, panels of 8 outputs as in Product."""
    PANELS4 = 2
    """Panels of 4 channels as in Depthwise: outputs are the channels, inputs the kernel's positions."""
    MATRIX = 3
    """Panels of 8 outputs as in Product, or a MatrixFormat if the weights are stored in reduced precision."""
    WINOGRAD2 = 4
    """Panels of 8 outputs for each group as in Winograd, tiles of 2 pixels: inputs are 16 * (channels of a
    group + 1); row k * (channels + 1) + c gets the weight at kernel position k of channel c."""
    WINOGRAD4 = 5
    """The same for tiles of 4 pixels: inputs are 36 * (channels + 1)."""


class StoredFormat(IntEnum):
    """Formats of weights in the safetensors file."""

    FLOAT32 = 0
    """F32."""
    FLOAT16 = 1
    """F16."""
    INT8 = 2
    """I8, with F32 scales."""
    INT4 = 3
    """U8 with two 4-bit integers each, with F16 scales."""


class EngineCode(IntEnum):
    """Results of the engine's calls; in this table `meaning` continues the message "engine_check found"."""

    OK = 0
    """Success; a size of 0 from engine_size has the meaning given here."""
    NOT_A_PLAN = 1
    """Magic, length or alignment."""
    OTHER_VERSION = 2
    DAMAGED = 3
    BAD_SECTION = 4
    """Counts that do not add up to the length, or exceed the limits."""
    BAD_TENSOR = 5
    BAD_PACKED_WEIGHT = 6
    BAD_PACK_RULE = 7
    BAD_OP = 8
    """Fields that do not fit one another or their tensors."""
    TOO_LARGE = 9
    BAD_WEIGHT = 10
    """Index, format, or range of bytes."""
    INCOMPLETE = 11
    WRONG_STATE = 12


ENGINE_CODE_MEANINGS = (
    "a missing weight, or a plan over 4 GiB",
    "no plan, or an incomplete one",
    "a plan of another version",
    "a plan with a wrong checksum",
    "inconsistent section lengths",
    "a tensor outside its memory region",
    "a packed weight of an invalid shape",
    "a pack rule that does not fit its weights",
    "an operator with inconsistent fields",
    "too little memory",
    "a weight of an unexpected number, format or length",
    "an incomplete weight",
    "calls in the wrong order",
)
"""By EngineCode; the first is of size 0."""


@dataclass(frozen=True, kw_only=True)
class HeaderWords:
    """Header of `plan/format.h`."""

    size: ClassVar[int] = 15

    magic: int
    version: int
    bytes: int
    checksum: int
    tensors: int
    packed_weights: int
    pack_rules: int
    weights: int
    constants: int
    ops: int
    op_words: int
    arena: int
    input: int
    output: int
    sums: int


@dataclass(frozen=True, kw_only=True)
class TensorWords:
    """Tensor of `plan/format.h`."""

    size: ClassVar[int] = 3

    place: int
    offset: int
    length: int


@dataclass(frozen=True, kw_only=True)
class PackedWeightWords:
    """PackedWeight of `plan/format.h`."""

    size: ClassVar[int] = 4

    layout: int
    groups: int
    inputs: int
    outputs: int


@dataclass(frozen=True, kw_only=True)
class PackRuleWords:
    """PackRule of `plan/format.h`."""

    size: ClassVar[int] = 21

    packed_weight: int
    weight: int
    constant: int
    is_bias: int
    multiplier: int
    first_output: int
    sizes: tuple[int, ...]
    input_strides: tuple[int, ...]
    output_strides: tuple[int, ...]
