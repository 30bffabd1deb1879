"""The configuration: what wins over what, what is refused and in which words, what is printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as patient
from hypothesis import strategies as st
from msgspec.structs import fields

from xchat.config import Config, data_folder, load, print_config
from xchat.config.schema import describe, sections
from xchat.config.settings import Access, Server
from xchat.errors import ConfigError
from xchat.limits import Limits


def refusal(file: Path, text: str) -> ConfigError:
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "xchat.toml"


def test_the_defaults_need_no_file() -> None:
    config = load()
    assert config == Config()
    assert config.listen.host == ("0.0.0.0", "::")
    assert config.listen.port == 8080
    assert config.tls.min_version == "1.3"
    assert config.access.policy is None
    assert config.limits == Limits()


def test_options_win_over_sets_and_sets_over_the_file(file: Path) -> None:
    file.write_text('[listen]\nport = 1\nhost = ["::1"]\n[server]\nname = "a.b"\n')
    config = load(file, ["listen.port=2", 'server.name="c.d"'], {"listen.port": 3})
    assert (config.listen.port, config.server.name, config.listen.host) == (3, "c.d", ("::1",))


def test_an_option_not_given_changes_nothing() -> None:
    assert load(None, ["listen.port=2"], {"listen.port": None}).listen.port == 2


def test_a_later_set_wins() -> None:
    assert load(None, ["listen.port=2", "listen.port=3"]).listen.port == 3


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[listen]\nprot = 1\n", "2", "there is no setting listen.prot"),
        ("\n[lisen]\nport = 1\n", "2", "there is no section 'lisen'"),
        ('[listen]\n\nport = "x"\n', "3", "listen.port must be a whole number from 0 to 65,535"),
        ("listen.port = 70_000\n", "1", "listen.port must be a whole number"),
        ("[tls]\nmin_version = 1.2\n", "2", 'tls.min_version must be one of "1.2", "1.3"'),
        ('[access]\npolicy = "all"\n', "2", 'one of "accounts", "devices", "open", not \'all\''),
        ('[server]\nname = "nodot"\n', "2", "server.name must be a name with a dot"),
        ('[server]\nname = "a.b\\n"\n', "2", "server.name must be a name with a dot"),
        ('[server]\ndescription = "a\\n"\n', "2", "must be one line of text"),
        ('[server]\nname = "a.b\\u001b"\n', "2", "server.name must be a name with a dot"),
        ('[server]\ndescription = "a\\u009bb"\n', "2", "must be one line of text"),
        ('[server]\nnetwork = "my net"\n', "2", "server.network must be one word"),
        ("[listen]\nhost = []\n", "2", "listen.host must be a list of at least 1"),
        ('[listen]\nhost = "::1"\n', "2", "listen.host must be a list"),
        ("[limits]\nusers_max = 0\n", "2", "must be a whole number from 1 to 1,000,000, not 0"),
        ("[limits]\nping_seconds = 0\n", "2", "limits.ping_seconds must be a number above 0"),
        ('[limits]\nexempt = ["10.0.0.0/33"]\n', "2", "limits.exempt must be a list of networks"),
        ("limits = 3\n", "1", "limits is a section"),
        ("[server]\nadmin = ['a','b','c','d']\n", "2", "server.admin must be a list of at most 3"),
    ],
)
def test_an_error_names_file_line_setting_and_rule(
    file: Path, text: str, line: str, words: str
) -> None:
    error = refusal(file, text)
    assert error.what.startswith(f"{file}:{line}: ")
    assert words in error.what
    assert "\n" not in error.what
    assert error.mend


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[listen]\nport 1\n", ":2:6: "),
        ("[listen\n", ":1:8: "),
        ("a = 1\na = 2\n", ":2:6: "),
        ('a = "', ": "),
    ],
)
def test_what_is_not_toml_is_named_with_its_place(file: Path, text: str, place: str) -> None:
    assert refusal(file, text).what.startswith(f"{file}{place}not TOML: ")


def test_a_misspelt_name_gets_the_nearest_known_one(file: Path) -> None:
    assert refusal(file, "[listen]\nprot = 1\n").mend == "did you mean listen.port?"
    assert refusal(file, "[limts]\nx = 1\n").mend == "did you mean limits?"
    assert "known are: server, listen" in str(refusal(file, "[zzz]\nx = 1\n").mend)


@pytest.mark.parametrize("kind", ["missing", "folder", "latin-1"])
def test_a_file_that_cannot_be_read_is_one_line(file: Path, kind: str) -> None:
    if kind == "folder":
        file.mkdir()
    elif kind == "latin-1":
        file.write_bytes(b'[server]\nmotd = "\xe9"\n')
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.what.startswith(f"{file}: ")
    assert caught.value.mend


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("listen.port", "section.key=VALUE"),
        ("port=1", "section.key=VALUE"),
        ("listen.prt=1", "there is no setting listen.prt"),
        ("net.port=1", "there is no section 'net'"),
        ("server.name=chat", "'chat' is not a TOML value"),
        ('server.name="a.b"\nx = 1', "is not a TOML value"),
        ("listen.port=", "is not a TOML value"),
        ("listen.port=-1", "--set listen.port: listen.port must be a whole number"),
    ],
)
def test_a_set_that_cannot_be_used_is_named(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(None, [text])
    assert words in caught.value.what
    assert "\n" not in caught.value.what
    assert caught.value.exit_code == 2


def test_a_password_is_never_taken_from_the_command_line() -> None:
    """Secrets never in argv."""
    with pytest.raises(ConfigError, match="read by everyone") as caught:
        load(None, ['server.password="hunter2"'])
    assert "hunter2" not in str(caught.value)


def test_a_password_is_named_in_no_error(file: Path) -> None:
    assert "4711" not in str(refusal(file, "[server]\npassword = 4711\n"))


def test_what_is_printed_has_no_password(file: Path) -> None:
    file.write_text('[server]\npassword = "hunter2"\n')
    config = load(file)
    assert config.server.password == "hunter2"
    printed = print_config(config)
    assert "hunter2" not in printed
    assert "# password is set, and not shown" in printed


texts_in_lines = st.text(
    st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"], whitelist_characters="\n"),
    max_size=40,
)
texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)
lines = st.text(st.characters(blacklist_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)


settings = st.fixed_dictionaries(
    {
        "server.description": lines,
        "server.motd": st.none() | texts_in_lines,
        "server.admin": st.lists(lines, max_size=3),
        "listen.port": st.integers(0, 65_535),
        "access.policy": st.sampled_from([None, "open", "accounts", "devices"]),
        "limits.ping_seconds": st.floats(0.001, 1e6),
        "limits.exempt": st.just(["10.0.0.0/8", "fd00::/8"]),
    }
)


@patient(deadline=None)
@given(values=settings)
def test_what_is_printed_loads_back_to_the_same(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object]
) -> None:
    config = load(None, [], values)
    file = tmp_path_factory.getbasetemp() / "printed.toml"
    file.write_text(print_config(config), "utf-8")
    assert load(file) == config


def test_every_setting_is_printed_with_its_description() -> None:
    printed = print_config(Config())
    for section in sections():
        assert f"\n[{section.name}]\n" in printed
        for field in fields(section.type):
            described = describe(field)[1]
            assert described, f"{section.name}.{field.name} has no description"
            assert f"# {described}\n{field.name} = " in printed or f"# {field.name} is " in printed


def test_the_data_folder_is_the_platforms_unless_it_is_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert data_folder(Config()) == tmp_path / "xchat"
    assert data_folder(load(None, ['store.data="/var/lib/xchat"'])) == Path("/var/lib/xchat")


def test_a_configuration_is_a_value_and_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Config().access.policy = "open"  # type: ignore[misc]
    assert Access() == Access()
    assert Server(name="a.b") != Server()


def test_operators_are_sections_with_a_name_of_their_own(file: Path) -> None:
    hashed = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAA"
    file.write_text(f'[operators.alice]\npassword_hash = "{hashed}"\n')
    (alice,) = load(file).operators
    assert (alice.name, alice.password_hash) == ("alice", hashed)
    assert hashed not in print_config(load(file))
    refused = str(refusal(file, '[operators.alice]\npassword_hash = "my-secret"\n'))
    assert "--hash-password" in refused
    assert "my-secret" not in refused
    assert "there is no setting operators.alice.pass" in str(
        refusal(file, '[operators.alice]\npass = "x"\n')
    )
    assert "section of its own" in str(refusal(file, '[operators]\nalice = "x"\n'))
