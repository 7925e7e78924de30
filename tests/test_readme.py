"""The README is true: its commands run, its tables are those of the program, its pictures are there."""

import ast
import asyncio
import os
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from bot.chat.app import COMMANDS
from bot.check.codes import table
from bot.cli import main
from bot.cli.health import Health, Reason
from bot.cli.metrics import table as figures_table
from bot.config import NAMES
from bot.course.load import load_text
from bot.store.base import Change, Job
from bot.store.choose import open_store
from bot.tally import Tally
from tests.bench.__main__ import PARTS
from tests.postgres import Cluster

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLE = [
    line[2:] for block in re.findall(r"```console\n(.*?)```", README, re.S) for line in block.splitlines()
]


YAML = re.findall(r"```yaml\n(.*?)```", README, re.S)
PAGES = {str(route.path) for route in Health(mode="", tally=Tally(), clock=float).routes()}


def between(start: str, end: str) -> str:
    """The part of the README between two marks."""
    return README.split(start)[1].split(end)[0].strip()


def test_the_table_of_codes_is_the_program_s() -> None:
    """Every code of `check`, with its sentence."""
    shown = between("<!-- codes: made by bot.check.codes.table(), checked by a test -->", "<!-- /codes -->")
    assert shown == table()


def test_every_fault_has_a_test_that_exists() -> None:
    """Each line of the table says what is seen, and names tests that are there, by file and function."""
    shown = between("<!-- faults:", "<!-- /faults -->").splitlines()[3:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in shown]
    faults = [row for row in rows if not row[0].startswith("**")]
    assert len(faults) > 40
    for fault, *seen, tests in faults:
        assert fault and all(seen), fault
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
        assert named, fault
        for file, function in named:
            tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
            there = {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert function in there, f"{fault}: {file} has no {function}"


def test_the_table_of_figures_is_the_program_s() -> None:
    """Every figure of `/metrics`, with its labels and meaning."""
    shown = between(
        "<!-- figures: made by bot.cli.metrics.table(), checked by a test -->", "<!-- /figures -->"
    )
    assert shown == figures_table()


def test_every_reason_and_page_of_health_is_named() -> None:
    """What `/readyz` may say, and where it is asked."""
    pages = re.findall(r"^\| `(/\w+)` \|", README, re.M)
    assert set(pages) & PAGES == PAGES
    reasons = between("| reason | meaning |", "<details>")
    assert set(re.findall(r"`([a-z-]+)`", reasons)) == {str(reason) for reason in Reason}


def test_every_command_is_in_the_table() -> None:
    """With its options; and none that there is not."""
    named: dict[str, set[str]] = {}
    for row in re.findall(r"^\| `python -m bot (\w+)([^`]*)`", README, re.M):
        named.setdefault(row[0], set()).update(re.findall(r"--[a-z]+", row[1]))
    options = {
        name: {option for each in command.params for option in each.opts if option.startswith("--")}
        for name, command in main.commands.items()
    }
    assert set(named) == set(options)
    assert all(named[name] <= options[name] for name in named)


def leaves(value: object) -> Iterator[tuple[str, object]]:
    """Every (key, value) of a document, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield str(key), inner
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)


def test_the_examples_for_compose_and_kubernetes_fit_the_program() -> None:
    """They are YAML; their settings, pages, port, folder and user are those of program and image."""
    docker = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    examples = [block for block in YAML if "schema: 1" not in block and "ScaledObject" not in block]
    assert len(examples) == 2
    for block in examples:
        documents = list(yaml.safe_load_all(block))
        assert set(re.findall(r"\b(?:NABLA|TELEGRAM)_\w+", block)) <= set(NAMES)
        assert set(re.findall(r"(?<=:8080)/\w+|(?<=path: )/\w+", block)) <= PAGES
        assert "/readyz" in block
        found = dict(pair for document in documents for pair in leaves(document))
        assert "limits" in found
        assert "VOLUME /app/data" in docker and "/app/data" in block
        ports = {
            int(port) for port in re.findall(r"(?<=[:\" ])(\d{4,5})(?=[\"}/\]\n])", block) if port != "10001"
        }
        assert ports == {8080}
        assert f"NABLA_LISTEN=0.0.0.0:{8080}" in docker


def test_kubernetes_runs_one_and_gives_it_time() -> None:
    """One replica that is replaced, probes where they belong, a stop within its grace, the image's user."""
    claim, deployment = yaml.safe_load_all(next(block for block in YAML if "kind: Deployment" in block))
    spec = deployment["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert spec["selector"]["matchLabels"].items() <= spec["template"]["metadata"]["labels"].items()
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["terminationGracePeriodSeconds"] > 8
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    (port,) = container["ports"]
    assert all(
        container[f"{kind}Probe"]["httpGet"]["port"] == port["name"]
        for kind in ("startup", "liveness", "readiness")
    )
    assert pod["volumes"][0]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert pod["volumes"][0]["name"] == container["volumeMounts"][0]["name"]
    user = pod["securityContext"]["runAsUser"]
    assert f"useradd --uid {user}" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert {"requests", "limits"} == set(container["resources"])


def test_every_setting_is_named_and_no_other() -> None:
    """The table of settings is complete."""
    named = re.findall(r"^\| `((?:NABLA|TELEGRAM)_\w+)`", README, re.M)
    assert sorted(named) == sorted(NAMES)


def test_the_example_of_settings_has_every_name() -> None:
    """`.env.example` shows what can be set."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^#?((?:NABLA|TELEGRAM)_\w+)=", example, re.M)) == sorted(NAMES)


def test_what_trainers_grow_by_is_what_the_figures_show(postgres: Cluster) -> None:
    """KEDA's query, on a real database, counts what waits for a trainer; its settings are settings."""
    (example,) = (yaml.safe_load(block) for block in YAML if "ScaledObject" in block)
    (trigger,) = example["spec"]["triggers"]
    assert trigger["metadata"]["connectionFromEnv"] in NAMES
    url = postgres.new_database()

    async def ask_for_one() -> int:
        store: Any = open_store(url, queued=True)
        await store.open()
        await store.commit(Change(learner=1, job=Job(learner=1, code="a", body="{}")), now=datetime.now(UTC))
        length: int = await store.queue_length()
        await store.close()
        return length

    length = asyncio.run(ask_for_one())
    database = url.rpartition("/")[2]
    assert int(postgres.psql(trigger["metadata"]["query"], database=database)) == length == 1


def test_every_command_of_a_learner_is_named() -> None:
    """What the bot registers with Telegram stands in the README."""
    assert [name for name in COMMANDS if f"`/{name}" not in README and f"`/{name}`" not in README] == []


def test_the_example_lesson_is_a_lesson(tmp_path: Path) -> None:
    """An author who copies it begins with a file that passes `check`."""
    text = next(block for block in YAML if "schema: 1" in block)
    assert load_text(text.encode(), file="example.yaml").findings == ()
    file = tmp_path / "example.yaml"
    file.write_text(text, encoding="utf-8")
    assert CliRunner().invoke(main, ["check", str(file)]).exit_code == 0


def test_its_pictures_and_links_are_there() -> None:
    """No link into the project leads nowhere."""
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_module_that_it_names_is_there() -> None:
    """Who reads how it is built finds each file; each word of the source is in the files beside it."""
    built = between("## How it is built", "## When things break")
    named = re.findall(r"`(?:bot/)?([a-z_/]+/[a-z_]+\.(?:py|toml))`", built)
    assert len(named) > 30
    assert [name for name in named if not (ROOT / "bot" / name).exists()] == []


def test_what_it_measures_by_can_be_measured() -> None:
    """`make bench ONLY=…` names parts, and nothing else is offered."""
    asked = re.findall(r"`make bench ONLY=(\w+)`", README)
    assert asked and set(asked) <= set(PARTS)
    listed = re.search(r"`make bench ONLY=\w+` a part of it \(([^)]*)\)", README)
    assert listed is not None
    assert {*re.findall(r"`(\w+)`", listed[1]), *asked} == set(PARTS)
    assert "python -m tests." not in README


def test_its_check_command_runs() -> None:
    """The shipped lessons are clean."""
    command = next(line for line in CONSOLE if "bot check" in line)
    assert CliRunner().invoke(main, command.split()[3:]).exit_code == 0


def test_make_test_is_a_target() -> None:
    """`make test` is this very run: here it is only looked up."""
    assert "make test" in CONSOLE
    found = subprocess.run(
        ["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )
    assert "-m pytest" in found.stdout


@pytest.mark.process
def test_make_run_shows_the_chat_page(tmp_path: Path) -> None:
    """The first command of the README, as written: a page answers on the address that it prints."""
    assert CONSOLE[0] == "make run"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    names = {
        name: value for name, value in os.environ.items() if not name.startswith(("NABLA_", "TELEGRAM_"))
    }
    environ = names | {
        "NABLA_LISTEN": f"127.0.0.1:{port}",
        "NABLA_DATABASE_URL": f"sqlite:///{tmp_path / 'local.db'}",
        "MAKEFLAGS": "",
    }
    run = subprocess.Popen(
        ["make", "run"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert run.stdout is not None
        line = next(line for line in run.stdout if "open http" in line)
        address = re.search(r"http://\S+", line)
        assert address is not None
        with urllib.request.urlopen(address[0], timeout=10) as answer:
            assert answer.status == 200
            assert b"Nabla" in answer.read()
    finally:
        os.killpg(run.pid, signal.SIGTERM)
        run.communicate(timeout=15)
