"""Settings: what an operator chooses is taken, and what cannot be is told in one line that shows no secret."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import NAMES, Settings, read_settings
from bot.errors import ConfigError

TOKEN = "123456:AAtheSecretHalfOfTheToken_-0123456789"
WEBHOOK = {
    "TELEGRAM_BOT_TOKEN": TOKEN,
    "NABLA_WEBHOOK_URL": "https://bot.example/hook",
    "NABLA_WEBHOOK_SECRET": "s3cret-of-the-webhook",
}


def refusal(environ: dict[str, str], **flags: Any) -> str:
    """The one line that refuses these settings."""
    with pytest.raises(ConfigError) as caught:
        read_settings(environ, **flags)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_nothing_given_is_the_local_chat_page() -> None:
    """Every default is the documented one."""
    assert read_settings({}) == Settings(
        token=None,
        api_url="https://api.telegram.org",
        lessons=Path("lessons"),
        database_url="sqlite:///data/local.db",
        webhook=None,
        host="127.0.0.1",
        port=8080,
        trainers=1,
        engine="local",
        admins=frozenset(),
    )
    assert read_settings({}).local


def test_a_token_is_telegram_with_a_database_of_its_own() -> None:
    """What was tried on the local page never mixes with real learners."""
    settings = read_settings({"TELEGRAM_BOT_TOKEN": TOKEN})
    assert not settings.local
    assert settings.database_url == "sqlite:///data/nabla.db"


@pytest.mark.parametrize(
    ("name", "value", "attribute", "taken"),
    [
        ("TELEGRAM_BOT_TOKEN", TOKEN, "token", TOKEN),
        ("TELEGRAM_BOT_TOKEN", f"  {TOKEN}\n", "token", TOKEN),
        ("TELEGRAM_API_URL", "http://127.0.0.1:8081/", "api_url", "http://127.0.0.1:8081"),
        ("TELEGRAM_API_URL", "https://proxy.example/tg", "api_url", "https://proxy.example/tg"),
        ("TELEGRAM_API_URL", "http://[::1]:8081", "api_url", "http://[::1]:8081"),
        ("TELEGRAM_API_URL", "http://bot_api:8081", "api_url", "http://bot_api:8081"),
        ("NABLA_LESSONS", "/srv/my lessons", "lessons", Path("/srv/my lessons")),
        ("NABLA_DATABASE_URL", "sqlite:////x/y.db", "database_url", "sqlite:////x/y.db"),
        ("NABLA_LISTEN", "0.0.0.0:80", "host", "0.0.0.0"),
        ("NABLA_LISTEN", "0.0.0.0:80", "port", 80),
        ("NABLA_LISTEN", "[::]:8080", "host", "::"),
        ("NABLA_LISTEN", "localhost:0", "port", 0),
        ("NABLA_TRAINERS", "4", "trainers", 4),
        ("NABLA_ENGINE", "local", "trainers", 1),
        ("NABLA_ADMINS", "7, 8,,", "admins", frozenset({7, 8})),
    ],
)
def test_every_variable_is_taken(name: str, value: str, attribute: str, taken: object) -> None:
    """The variable decides its attribute."""
    assert getattr(read_settings({name: value}), attribute) == taken


@pytest.mark.parametrize(
    "url", ["https://bot.example", "https://bot.example:8443/a/b", "http://127.0.0.1:9/h", "http://[::1]:9/h"]
)
def test_webhook_is_taken_with_its_secret(url: str) -> None:
    """Https anywhere, http on loopback."""
    webhook = read_settings(WEBHOOK | {"NABLA_WEBHOOK_URL": url}).webhook
    assert webhook is not None
    assert (webhook.url, webhook.secret) == (url, "s3cret-of-the-webhook")


def test_flag_wins_over_environment_over_file(tmp_path: Path) -> None:
    """Each level hides the one below, variable by variable."""
    file = tmp_path / ".env"
    file.write_text("NABLA_LISTEN=1.1.1.1:1\nNABLA_TRAINERS=2\nNABLA_ADMINS=5\n")
    environ = {"NABLA_LISTEN": "2.2.2.2:2", "NABLA_TRAINERS": "3"}
    below = read_settings({}, env_file=file)
    assert (below.host, below.port, below.trainers, below.admins) == ("1.1.1.1", 1, 2, frozenset({5}))
    middle = read_settings(environ, env_file=file)
    assert (middle.host, middle.port, middle.trainers, middle.admins) == ("2.2.2.2", 2, 3, frozenset({5}))
    above = read_settings(environ, env_file=file, host="3.3.3.3", port=0)
    assert (above.host, above.port) == ("3.3.3.3", 0)
    one_flag = read_settings(environ, env_file=file, port=9)
    assert (one_flag.host, one_flag.port) == ("2.2.2.2", 9)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("empty", ["", "   "])
def test_an_empty_value_is_the_default(tmp_path: Path, name: str, empty: str) -> None:
    """In the environment it hides the file's value too: `TELEGRAM_BOT_TOKEN= make run` is the local page."""
    file = tmp_path / ".env"
    filled = {**WEBHOOK, "NABLA_LISTEN": "1.1.1.1:1", "NABLA_TRAINERS": "2", "NABLA_ADMINS": "5"}
    file.write_text(f"{name}={filled.get(name, '')}\n")
    assert read_settings({name: empty}, env_file=file) == read_settings({})


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeffTELEGRAM_BOT_TOKEN={TOKEN}\n",
        f"# a comment\r\n\r\nexport TELEGRAM_BOT_TOKEN = '{TOKEN}'  # another\r\n",
        f'NABLA_LESSONS=lessons\nTELEGRAM_BOT_TOKEN="{TOKEN}"',
        f"PATH_OF_ANOTHER_PROGRAM=$HOME/x\nTELEGRAM_BOT_TOKEN={TOKEN}\nALONE\n",
    ],
)
def test_env_file_is_read_as_other_tools_read_it(tmp_path: Path, text: str) -> None:
    """Quotes, comments, `export`, Windows' line ends and its byte order mark."""
    file = tmp_path / ".env"
    file.write_bytes(text.encode())
    assert read_settings({}, env_file=file) == read_settings({"TELEGRAM_BOT_TOKEN": TOKEN})


def test_no_env_file_is_no_error(tmp_path: Path) -> None:
    """Nor is a folder of that name."""
    assert read_settings({}, env_file=tmp_path / ".env") == read_settings({}, env_file=tmp_path)


def test_a_line_of_the_env_file_that_is_no_setting_is_refused(tmp_path: Path) -> None:
    """The line is named and not shown: it may be a token without its name."""
    file = tmp_path / ".env"
    file.write_text(f"NABLA_TRAINERS=1\n\n\nTELEGRAM_BOT_TOKEN {TOKEN}\n")
    with pytest.raises(ConfigError, match=r"\.env:4: .*wanted: NAME=VALUE") as caught:
        read_settings({}, env_file=file)
    assert TOKEN not in str(caught.value)


def test_an_env_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """UTF-16, as some editors save: one line, not a traceback."""
    file = tmp_path / ".env"
    file.write_bytes("NABLA_TRAINERS=1\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings({}, env_file=file)


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("NABLA_LESSON", "NABLA_LESSONS"),
        ("NABLA_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("NABLA_BOT_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("NABLA_API_URL", "TELEGRAM_API_URL"),
        ("NABLA_DATABASE", "NABLA_DATABASE_URL"),
        ("NABLA_WEBHOOK_SECRETS", "NABLA_WEBHOOK_SECRET"),
        ("NABLA_ADMIN", "NABLA_ADMINS"),
        ("nabla_trainers", "NABLA_TRAINERS"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(name: str, near: str) -> None:
    """The name is repeated, its value is not."""
    line = refusal({name: "some-value"})
    assert line.startswith(f"{name}: there is no such setting; did you mean {near}")
    assert "some-value" not in line


def test_a_name_like_no_other_is_told_all_there_are() -> None:
    """Where nothing is near, the list helps."""
    line = refusal({"NABLA_XYZZY": "1"})
    assert all(name in line for name in NAMES)


def test_a_misspelt_name_in_the_file_is_refused_too(tmp_path: Path) -> None:
    """The file is checked like the environment; other programs' names are not ours."""
    file = tmp_path / ".env"
    file.write_text("POSTGRES_PASSWORD=x\nNABLA_LESSSONS=x\n")
    with pytest.raises(ConfigError, match="did you mean NABLA_LESSONS"):
        read_settings({}, env_file=file)


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("TELEGRAM_API_URL", "api.telegram.org", "http"),
        ("TELEGRAM_API_URL", "https://api.telegram.org/bot", "without /bot"),
        ("TELEGRAM_API_URL", "ftp://x", "http"),
        ("TELEGRAM_API_URL", "http://x:0", "http"),
        ("TELEGRAM_API_URL", "http://x:port", "http"),
        ("TELEGRAM_API_URL", "http://[::1", "http"),
        ("TELEGRAM_API_URL", "http://a b/", "http"),
        ("TELEGRAM_API_URL", "http://x/?a=1", "http"),
        ("NABLA_LISTEN", "8080", "HOST:PORT"),
        ("NABLA_LISTEN", ":8080", "HOST:PORT"),
        ("NABLA_LISTEN", "127.0.0.1:65536", "HOST:PORT"),
        ("NABLA_LISTEN", "127.0.0.1:-1", "HOST:PORT"),
        ("NABLA_LISTEN", "127.0.0.1:٨٠", "HOST:PORT"),
        ("NABLA_LISTEN", "a..b:80", "HOST:PORT"),
        ("NABLA_LISTEN", "http://127.0.0.1:80", "HOST:PORT"),
        ("NABLA_TRAINERS", "0", "1 to 64"),
        ("NABLA_TRAINERS", "two", "1 to 64"),
        ("NABLA_TRAINERS", "1.5", "1 to 64"),
        ("NABLA_ENGINE", "celery", "local"),
        ("NABLA_ENGINE", "procrastinate", "with NABLA_DATABASE_URL=postgresql://…"),
        ("NABLA_ADMINS", "7;8", "comma-separated"),
        ("NABLA_ADMINS", "@ada", "comma-separated"),
        ("NABLA_WEBHOOK_URL", "http://bot.example/hook", "https"),
        ("NABLA_WEBHOOK_URL", "https://", "https"),
        ("NABLA_WEBHOOK_URL", "https://[::1", "https"),
        ("NABLA_WEBHOOK_URL", "https://bot.example/{hook}", "https"),
        ("NABLA_WEBHOOK_URL", "https://bot.example/h#x", "https"),
    ],
)
def test_a_wrong_value_names_variable_value_and_wanted_form(name: str, value: str, wanted: str) -> None:
    """All three in one line."""
    line = refusal(WEBHOOK | {name: value})
    assert line.startswith(f"{name}: {value!a} is not usable; wanted: ")
    assert wanted in line.partition("wanted: ")[2]


@pytest.mark.parametrize("host", ["", "a..b", "no host", "[::1", "é"])
def test_a_wrong_host_flag_is_one_line(host: str) -> None:
    """An empty one would listen everywhere."""
    assert refusal({}, host=host).startswith(f"--host: {host!a} is not usable; wanted: ")


def test_webhook_without_token_or_secret_names_what_is_missing() -> None:
    """The line begins with the variable that has to be set."""
    url = {"NABLA_WEBHOOK_URL": "https://bot.example/hook"}
    assert refusal(url).startswith("TELEGRAM_BOT_TOKEN: missing; wanted: ")
    assert refusal(url | {"TELEGRAM_BOT_TOKEN": TOKEN}).startswith("NABLA_WEBHOOK_SECRET: missing; wanted: ")


@pytest.mark.parametrize(
    "environ",
    [
        {"TELEGRAM_BOT_TOKEN": TOKEN + " !"},
        {"TELEGRAM_BOT_TOKEN": TOKEN.replace(":", "%3A")},
        WEBHOOK | {"NABLA_WEBHOOK_SECRET": "not allowed: " + TOKEN},
        {"TELEGRAM_API_URL": f"https://api.telegram.org/bot{TOKEN}"},
        {"TELEGRAM_API_URL": f"https://api.telegram.org/bot{TOKEN}/"},
        {"TELEGRAM_API_URL": f"https://user:{TOKEN[8:]}@proxy.example"},
        {"NABLA_LISTEN": TOKEN},
        {"NABLA_ADMINS": TOKEN},
        {"NABLA_TRAINERS": f"x{TOKEN}x"},
        WEBHOOK | {"NABLA_WEBHOOK_URL": f"http://bot.example/{TOKEN}"},
        WEBHOOK | {"NABLA_WEBHOOK_URL": f"http://bot.example/{TOKEN.replace(':', '%3a')}"},
    ],
)
def test_no_refusal_shows_a_secret(environ: dict[str, str]) -> None:
    """Not even where somebody put it into another variable."""
    line = refusal(environ)
    assert TOKEN[8:] not in line
    assert "(not shown)" in line


def test_a_webhook_secret_in_another_variable_is_not_shown() -> None:
    """What is known to be secret is hidden wherever it stands."""
    line = refusal(WEBHOOK | {"NABLA_LISTEN": "s3cret-of-the-webhook"})
    assert "s3cret" not in line


def test_settings_printed_show_no_secret() -> None:
    """In a debugger, an assertion or a log."""
    url = f"https://bot.example/{TOKEN}"
    settings = read_settings(
        WEBHOOK | {"NABLA_WEBHOOK_URL": url, "NABLA_DATABASE_URL": "postgresql://u:pa55word@h/db"}
    )
    for shown in (repr(settings), str(settings), f"{settings}"):
        assert TOKEN[8:] not in shown
        assert "s3cret" not in shown
        assert "pa55word" not in shown


values = st.one_of(
    st.text(max_size=200),
    st.from_regex(r"https?://[\[\]:/@?#%{}a-z0-9.]{0,20}", fullmatch=True),
    st.from_regex(r"[\[\]a-z0-9.%]{0,10}:[0-9]{0,7}", fullmatch=True),
    st.from_regex(r"[0-9]{1,21}:[A-Za-z0-9_-]{0,9}", fullmatch=True),
)


def taken(environ: dict[str, str], **others: Any) -> Settings | None:
    """The settings, or None if they are refused in one line that can be printed."""
    try:
        return read_settings(environ, **others)
    except ConfigError as error:
        line = str(error)
    assert line.isprintable()
    return None


@given(name=st.sampled_from(NAMES), value=values, base=st.sampled_from([{}, WEBHOOK]))
def test_every_value_is_taken_or_refused_in_one_line(name: str, value: str, base: dict[str, str]) -> None:
    """No value of any variable ever ends in anything but Settings or one line."""
    settings = taken(base | {name: value})
    assert settings is None or settings.host


@given(name=st.text(max_size=80), value=st.text(max_size=20), text=st.binary(max_size=200))
def test_every_name_and_file_is_taken_or_refused_in_one_line(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: str, text: bytes
) -> None:
    """Whatever stands in the environment or in the file."""
    file = tmp_path_factory.getbasetemp() / "any.env"
    file.write_bytes(text)
    taken({name: value}, env_file=file)
    assert taken({f"NABLA_{name}": value}) is None or not value.strip() or f"NABLA_{name}" in NAMES


@given(host=st.text(max_size=30), port=st.integers(0, 65535))
def test_every_flag_is_taken_or_refused_in_one_line(host: str, port: int) -> None:
    """The host flag is as free as a text."""
    settings = taken({}, host=host, port=port)
    assert settings is None or settings.port == port
