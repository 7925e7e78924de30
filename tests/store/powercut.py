"""What a disk holds when the power goes: SQLite's own file layer, watched from the inside.

While a `Disk` is on, each file that SQLite opens in this process is followed: what was written, and what of it was
synced. `image()` is what could be found after a power cut at that moment: all that was synced and, of the sectors
written since, some and not others, as a disk that reorders keeps them. Directory entries count as kept at once.

Needs a SQLite that is a shared library (`AVAILABLE`), since its table of file functions is changed in place.
"""

import ctypes
import sqlite3
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

SECTOR = 512
OK = 0
_INT, _I64, _PTR = ctypes.c_int, ctypes.c_int64, ctypes.c_void_p
# The name as a pointer: SQLite keeps it, and a copy of Python's would be gone after the call.
_Open = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _PTR, _INT, _PTR)
_Delete = ctypes.CFUNCTYPE(_INT, _PTR, ctypes.c_char_p, _INT)
_Write = ctypes.CFUNCTYPE(_INT, _PTR, _PTR, _INT, _I64)
_Truncate = ctypes.CFUNCTYPE(_INT, _PTR, _I64)
_Sync = ctypes.CFUNCTYPE(_INT, _PTR, _INT)


class _Methods(ctypes.Structure):
    """`sqlite3_io_methods` up to the part that is changed, and room for the rest (https://www.sqlite.org/c3ref/io_methods.html)."""

    _fields_ = (
        ("version", _INT),
        ("close", _PTR),
        ("read", _PTR),
        ("write", _PTR),
        ("truncate", _PTR),
        ("sync", _PTR),
        ("others", _PTR * 13),
    )


class _Vfs(ctypes.Structure):
    """`sqlite3_vfs` up to the part that is changed (https://www.sqlite.org/c3ref/vfs.html)."""

    _fields_ = (
        ("version", _INT),
        ("file_size", _INT),
        ("longest_path", _INT),
        ("next", _PTR),
        ("name", ctypes.c_char_p),
        ("data", _PTR),
        ("open", _PTR),
        ("delete", _PTR),
    )


def _library() -> Any:
    """SQLite as the interpreter has loaded it; None if it is built in."""
    place = getattr(sys.modules["_sqlite3"], "__file__", None)
    try:
        library = ctypes.CDLL(place) if place else None
        find = library.sqlite3_vfs_find if library else None
    except (OSError, AttributeError):
        return None
    if find is not None:
        find.restype, find.argtypes = ctypes.POINTER(_Vfs), [ctypes.c_char_p]
    return find


assert sqlite3.sqlite_version_info >= (3, 7)
_FIND = _library()
AVAILABLE = _FIND is not None


@dataclass
class _File:
    """The bytes that are safe, and the writes and cuts since the last sync."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, content); None cuts there

    def sync(self) -> None:
        """All that was written is safe."""
        for offset, content in self.since:
            _apply(self.safe, offset, content)
        self.since.clear()

    def after_cut(self, chance: Random) -> bytes:
        """What is found: of what was not synced, each sector by chance."""
        found = bytearray(self.safe)
        for offset, content in self.since:
            if content is None:
                if chance.random() < 0.5:
                    _apply(found, offset, None)
                continue
            for start in range(0, len(content), SECTOR):
                if chance.random() < 0.5:
                    _apply(found, offset + start, content[start : start + SECTOR])
        return bytes(found)


def _apply(data: bytearray, offset: int, content: bytes | None) -> None:
    if content is None:
        del data[offset:]
        return
    data.extend(bytes(max(0, offset - len(data))))
    data[offset : offset + len(content)] = content


class Disk:
    """A context in which every file of SQLite is followed; `syncs` counts what was asked of the disk."""

    def __init__(self) -> None:
        self.syncs = 0
        self._lock = threading.Lock()
        self._files: dict[str, _File] = {}
        self._names: dict[int, str] = {}
        self._patched: dict[int, _Methods] = {}
        self._kept: list[object] = []  # callbacks and tables that SQLite may still call

    def __enter__(self) -> "Disk":
        self._vfs = _FIND(None).contents
        self._before = self._vfs.open, self._vfs.delete
        opener, remover = _Open(self._vfs.open), _Delete(self._vfs.delete)

        def open_(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
            code = opener(vfs, name, file, flags, out)
            if code == OK and name is not None:
                self._follow(file, ctypes.string_at(name).decode())
            return int(code)

        def delete(vfs: int, name: bytes, sync: int) -> int:
            with self._lock:
                self._files.pop(name.decode(), None)
            return int(remover(vfs, name, sync))

        self._vfs.open, self._vfs.delete = self._keep(_Open(open_)), self._keep(_Delete(delete))
        return self

    def __exit__(self, *_: object) -> None:
        self._vfs.open, self._vfs.delete = self._before

    def image(self, chance: Random) -> dict[str, bytes]:
        """Name → content of each file, were the power cut now."""
        with self._lock:
            return {Path(name).name: file.after_cut(chance) for name, file in self._files.items()}

    def _keep(self, callback: Any) -> int | None:
        self._kept.append(callback)
        return ctypes.cast(callback, _PTR).value

    def _follow(self, file: int, name: str) -> None:
        place = ctypes.cast(file, ctypes.POINTER(_PTR))
        original = place[0]
        if not original:
            return
        with self._lock:
            there = Path(name)
            content = there.read_bytes() if there.exists() else b""
            self._files.setdefault(name, _File(safe=bytearray(content)))
            self._names[file] = name
            if original not in self._patched:
                self._patched[original] = self._patch(original)
        place[0] = ctypes.addressof(self._patched[original])

    def _patch(self, original: int) -> _Methods:
        """A copy of SQLite's table of file functions with ours in front of three of them."""
        methods = _Methods.from_buffer_copy(ctypes.string_at(original, ctypes.sizeof(_Methods)))
        write, truncate, sync = _Write(methods.write), _Truncate(methods.truncate), _Sync(methods.sync)

        def on_write(file: int, content: int, size: int, offset: int) -> int:
            code = write(file, content, size, offset)
            return self._note(
                file, code, lambda one: one.since.append((offset, ctypes.string_at(content, size)))
            )

        def on_truncate(file: int, size: int) -> int:
            return self._note(file, truncate(file, size), lambda one: one.since.append((size, None)))

        def on_sync(file: int, flags: int) -> int:
            return self._note(file, sync(file, flags), self._synced)

        methods.write = self._keep(_Write(on_write))
        methods.truncate = self._keep(_Truncate(on_truncate))
        methods.sync = self._keep(_Sync(on_sync))
        return methods

    def _synced(self, file: _File) -> None:
        file.sync()
        self.syncs += 1

    def _note(self, file: int, code: int, note: Callable[[_File], object]) -> int:
        if code == OK:
            with self._lock:
                note(self._files.setdefault(self._names[file], _File()))
        return int(code)
