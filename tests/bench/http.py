"""Just enough HTTP/1.1 for a stub that must cost less than those it measures.

Law: one request at a time on a connection, bodies by length or in chunks, every answer is 200 and JSON. Only for
clients of the bench on 127.0.0.1: nothing is guarded.
"""

import asyncio
import re
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import unquote_plus

Json = dict[str, Any]
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


class Exchange(asyncio.Protocol):
    """One connection; `answer` is called with the last part of the path and the body, and calls `reply`."""

    def __init__(self, answer: "Callable[[Exchange, str, bytes], None]") -> None:
        self._answer = answer
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """A piece of a request."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end])
            length = _LENGTH.search(head)
            if length is None and _CHUNKED.search(head):
                whole = unchunked(bytes(self._buffer[end + 4 :]))
                if whole is None:
                    return
                body, rest = whole
            else:
                stop = end + 4 + (int(length[1]) if length else 0)
                if len(self._buffer) < stop:
                    return
                body, rest = bytes(self._buffer[end + 4 : stop]), bytes(self._buffer[stop:])
            self._buffer = bytearray(rest)
            path = head.split(b" ", 2)[1].partition(b"?")[0]
            self._answer(self, path.rpartition(b"/")[2].decode(), body)

    def reply(self, body: bytes) -> None:
        """Answer, if anybody is still there."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_HEAD % len(body) + body)


def unchunked(data: bytes) -> tuple[bytes, bytes] | None:
    """(body, what follows it) of a body in chunks; None while it is not whole."""
    parts: list[bytes] = []
    place = 0
    while (end := data.find(b"\r\n", place)) >= 0:
        size = int(data[place:end].partition(b";")[0], 16)
        start, place = end + 2, end + 2 + size + 2
        if len(data) < place:
            return None
        if not size:
            return b"".join(parts), data[place:]
        parts.append(data[start : start + size])
    return None


def field(body: bytes, name: bytes) -> str:
    """One short value of a form, urlencoded or multipart, without reading all of it; KeyError without it."""
    for pattern in (
        rb"(?:^|&)" + name + rb"=([^&]*)",
        rb'name="' + name + rb'"(?:\r\n[^\r]+)*\r\n\r\n([^\r]*)\r\n',
    ):
        found = re.search(pattern, body)
        if found is not None:
            return unquote_plus(found[1].decode())
    raise KeyError(name.decode())
