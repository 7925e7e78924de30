"""A real Postgres of the tests' own: a cluster in a temporary folder, on a free loopback port, ended with them.

Where there is none, or the extra `postgres` is not installed, the tests that want it are skipped by name.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.kin import below, signal_all

PASSWORD = "pa55-that-nobody-may-see"
START_S = 30.0
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "shared_buffers": "32MB",
    # Whoever kills the bot does not pull the plug: only the benchmark needs the disk.
    "fsync": "off",
    "autovacuum": "off",
}


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`: on the PATH, or where Debian has them."""
    found = shutil.which("initdb")
    places = [Path(found).resolve().parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "postgres").exists()), None)


def missing() -> str | None:
    """What is not here, in words for the one who reads why tests were skipped."""
    if find_spec("asyncpg") is None:
        return "the extra `postgres` is not installed (asyncpg, procrastinate)"
    if binaries() is None:
        return "no Postgres on this machine (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and _user() is None:
        return "Postgres does not run as root, and there is no user `postgres` or `nobody`"
    return None


def _user() -> str | None:
    """Whom Postgres runs as: it refuses root."""
    names = {each.pw_name for each in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


class Cluster:
    """A running server, and the way to new databases on it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._made = 0

    def url(self, database: str = "postgres") -> str:
        """The address of a database, with the password."""
        return f"postgresql://nabla:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """The address of a new, empty database."""
        self._made += 1
        name = f"test_{os.getpid()}_{self._made}"
        self.psql(f"CREATE DATABASE {name}")
        return self.url(name)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """The server stands still, all that serve connections with it; the connections stay open."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        family = {server, *below(server)}
        signal_all(family, signal.SIGSTOP)
        try:
            yield
        finally:
            signal_all(family, signal.SIGCONT)

    def psql(self, sql: str, *, database: str = "postgres") -> str:
        """What psql prints for a statement, bare."""
        tool = binaries()
        assert tool is not None
        command = [
            str(tool / "psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-c",
            sql,
            self.url(database),
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()


@contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """A server from start to end; `settings` go over those of the tests."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    tools = binaries()
    assert tools is not None
    user = _user() if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="nabla-postgres-"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if user is not None:
            for each in (folder, secret):
                shutil.chown(each, user)
        data = folder / "data"
        subprocess.run(
            [
                tools / "initdb", "-D", data, "-U", "nabla", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8",
                "--auth=scram-sha-256", "--no-sync",
            ],
            check=True, capture_output=True, timeout=120, user=user, cwd=folder,
        )  # fmt: skip
        with _serving(tools, folder, {**_SETTINGS, **settings}, user) as port:
            yield Cluster(folder, port)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _serving(tools: Path, folder: Path, settings: dict[str, str], user: str | None) -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command: list[str | Path] = [
        tools / "postgres",
        "-D",
        folder / "data",
        "-p",
        str(port),
        "-k",
        folder,
        *options,
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, user=user, cwd=folder)
    try:
        end = time.monotonic() + START_S
        while not _accepts(tools, port):
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield port
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nothing here is to be kept
        process.wait(START_S)


def _accepts(tools: Path, port: int) -> bool:
    asked: list[str | Path] = [tools / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(asked, check=False).returncode == 0
