"""The picture in a request: a file of a form, the bytes themselves, or base64 in JSON. All in memory."""

import asyncio
import base64
import binascii
import json
import re
from collections.abc import AsyncGenerator
from contextlib import suppress

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from torch2web.errors import RequestError

_JSON_EXTRA, _FORM_EXTRA = 4096, 64 * 1024
"""Bytes around the picture: of an object, of a form with its fields."""

_DRAIN_SECONDS = 2

_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)

_EXPECTED = (
    "expected multipart/form-data with a file, the bytes of a picture (image/… or application/octet-stream), "
    'or application/json: {"image": "base64"}'
)


async def read_picture_bytes(request: Request, limit: int) -> bytes:
    """The bytes of the picture, at most `limit`. Raises RequestError."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        body = await _read(request, limit + _FORM_EXTRA, limit)
        return _within(await _file_of(request, body, limit), limit)
    if kind == "application/json":
        body = await _read(request, 4 * -(-limit // 3) + _JSON_EXTRA, limit)
        return _within(_decoded(body), limit)
    if kind in ("", "application/octet-stream") or kind.startswith("image/"):
        return _within(await _read(request, limit, limit), limit)
    raise RequestError(415, f"found the content type {kind[:80]!r}, {_EXPECTED}")


async def drain(request: Request, limit: int) -> None:
    """Read what is left of a refused request, within limits: a client that still sends reads no answer."""
    read = 0
    with suppress(ClientDisconnect, RuntimeError, TimeoutError):  # gone, read already, or slow
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for chunk in request.stream():
                read += len(chunk)
                if read > limit:
                    return


async def _read(request: Request, most: int, limit: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        raise _too_large(limit)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(limit)
    except ClientDisconnect as error:
        raise RequestError(400, "the client went away before its request was complete") from error
    return bytes(body)


def _within(content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise _too_large(limit)
    return content


def _too_large(limit: int) -> RequestError:
    return RequestError(413, f"found a file that is too large, expected at most {limit / 2**20:g} MiB")


def _decoded(body: bytes) -> bytes:
    """The picture of an object, whose base64 may be a data URL."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"found no valid JSON, {_EXPECTED}") from error
    image = found.get("image") if isinstance(found, dict) else None
    if not isinstance(image, str):
        raise RequestError(400, f"found no string under the key image, {_EXPECTED}")
    if matched := _DATA_URL.match(image):
        image = image[matched.end() :]
    try:
        return base64.b64decode(image.encode("ascii"), validate=True)
    except (ValueError, binascii.Error) as error:
        raise RequestError(400, f"found no valid base64 under the key image, {_EXPECTED}") from error


class _InMemory(MultiPartParser):
    """Writes nothing to disk, whatever the size, which `_read` has bounded."""

    spool_max_size = 2**40


async def _file_of(request: Request, body: bytes, limit: int) -> bytes:
    """The only file of a form."""

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    try:
        form = await _InMemory(
            request.headers, stream(), max_files=1, max_fields=8, max_part_size=_FORM_EXTRA
        ).parse()
    except MultiPartException as error:
        raise RequestError(400, f"found no valid form: {error.message}") from error
    files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
    if len(files) != 1:
        raise RequestError(400, f"found {len(files)} files in the form, expected one, a picture")
    content: bytes = files[0].file.read(limit + 1)
    await form.close()
    return content
