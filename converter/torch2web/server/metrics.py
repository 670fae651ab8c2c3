"""Figures for Prometheus. Workers write them to files of a folder that each of them reads as a whole."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from torch2web.server.inference import Computed, Picture

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client's: set before it is imported."""

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The figures of one process."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self.requests = Counter(
            "torch2web_requests", "Requests answered", ("route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "torch2web_request_seconds",
            "From the head of a request to its answer",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.accepted = Gauge(
            "torch2web_accepted_requests",
            "Predictions accepted and not answered yet",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._stages = Histogram(
            "torch2web_stage_seconds",
            "Parts of a prediction: decode, preprocess, queue, inference (of the whole batch)",
            ("model", "stage"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._batches = Histogram(
            "torch2web_batch_pictures",
            "Pictures computed together, by picture",
            ("model",),
            buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=registry,
        )

    def observe(self, model: str, picture: Picture, computed: Computed) -> None:
        stages = {
            "decode": picture.decode_ms / 1000,
            "preprocess": picture.preprocess_ms / 1000,
            "queue": computed.queued,
            "inference": computed.computing,
        }
        for stage, seconds in stages.items():
            self._stages.labels(model, stage).observe(seconds)
        self._batches.labels(model).observe(computed.batch)


def worker_ends() -> Counter:
    """How often a worker ended and was replaced; the supervisor's."""
    return Counter(
        "torch2web_worker_ends", "Workers that ended and were replaced", registry=CollectorRegistry()
    )


def all_metrics() -> bytes:
    """The figures of all workers, as text for Prometheus."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
