"""What a site's models are run by: the compiled engine, onnxruntime-web, or either."""

from enum import StrEnum


class Backends(StrEnum):
    """As `--backend` names them."""

    COMPILED = "compiled"
    ONNXRUNTIME = "onnxruntime"
    BOTH = "both"

    @property
    def with_engine(self) -> bool:
        """Whether the engine and plans are part of the site."""
        return self is not Backends.ONNXRUNTIME

    @property
    def with_runtime(self) -> bool:
        """Whether onnxruntime-web and graphs are part of the site."""
        return self is not Backends.COMPILED
