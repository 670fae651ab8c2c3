"""Buckets of S3 and of Google Cloud Storage, on servers on loopback."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import fsspec
import pytest


@contextmanager
def bucket_of_s3() -> Iterator[str]:
    """The URL of a bucket of moto's server, where it is installed."""
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    environment = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
    }
    with _new_bucket("s3", environment) as bucket:
        yield bucket
    server.stop()


@contextmanager
def bucket_of_google() -> Iterator[str]:
    """The URL of a bucket of gcp-storage-emulator, where it is installed."""
    # Otherwise gcsfs asks Google's servers which kind of bucket this is.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
        patch.setenv("NO_GCE_CHECK", "true")
        pytest.importorskip("gcsfs")
        emulator = pytest.importorskip("gcp_storage_emulator.server")
        _add_preconditions(patch)
        server = emulator.create_server("127.0.0.1", 0, in_memory=True)
        server.start()
        port = server._api._httpd.server_port
        with _new_bucket("gs", {"STORAGE_EMULATOR_HOST": f"http://127.0.0.1:{port}"}) as bucket:
            yield bucket
        server.stop()


def _add_preconditions(patch: pytest.MonkeyPatch) -> None:
    """`ifGenerationMatch=0`, which the emulator lacks: 412 where there is an object of this name."""
    objects = pytest.importorskip("gcp_storage_emulator.handlers.objects")
    upload, missing = objects._multipart_upload, objects.NotFound

    def conditional(request: Any, response: Any, storage: Any) -> None:
        if request.query.get("ifGenerationMatch") == ["0"]:
            try:
                storage.get_file_obj(request.params["bucket_name"], request.data["meta"]["name"])
            except missing:
                pass
            else:
                response.status = HTTPStatus.PRECONDITION_FAILED
                return
        upload(request, response, storage)

    patch.setattr(objects, "_multipart_upload", conditional)


@contextmanager
def _new_bucket(scheme: str, environment: dict[str, str]) -> Iterator[str]:
    bucket = uuid.uuid4().hex
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        fsspec.filesystem(scheme, skip_instance_cache=True).mkdir(bucket)
        yield f"{scheme}://{bucket}"
    fsspec.get_filesystem_class(scheme).clear_instance_cache()
