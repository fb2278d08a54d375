"""Settings: one file, the environment over it, and no unknown key."""

from __future__ import annotations

import pytest

from twin.errors import SettingsError
from twin.settings import Settings, load_settings


def test_the_environment_goes_over_the_file_and_the_file_over_the_defaults(tmp_path):
    file = tmp_path / "twin.toml"
    file.write_text('store = "county.gpkg"\nport = 9000\n')
    settings = load_settings(file, {"TWIN_PORT": "9100", "TWIN_TRUST_PROXY": "true", "HOME": "/root"})
    assert (str(settings.store), settings.port, settings.trust_proxy) == ("county.gpkg", 9100, True)
    assert settings.host == Settings().host


def test_a_file_may_begin_with_the_mark_that_windows_editors_write(tmp_path):
    file = tmp_path / "twin.toml"
    file.write_text("port = 9000\n", encoding="utf-8-sig")
    assert load_settings(file, {}).port == 9000


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"TWIN_PROT": "1"}, "TWIN_PROT is not a setting; did you mean port"),
        ({"TWIN_PORT": "many"}, "TWIN_PORT must be a value of type int"),
        ({"TWIN_SERVE_SECRET": "perhaps"}, "type bool"),
        ({"TWIN_PORT": "²"}, "TWIN_PORT must be a value of type int"),
        ({"TWIN_PORT": "70000"}, "TWIN_PORT must be from 0 to 65535"),
        ({"TWIN_MAX_ITEMS": "0"}, "TWIN_MAX_ITEMS must be from 1 to 1000000"),
    ],
)
def test_a_wrong_variable_is_named_with_what_would_be_right(env, words):
    with pytest.raises(SettingsError, match=words):
        load_settings(None, env)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("stor = 'x'", r"twin\.toml: stor is not a setting; did you mean store"),
        ("port = '8000x'", "type int"),
        ("port = true", "type int"),
        ("store = ", "cannot be read as TOML"),
    ],
)
def test_a_wrong_file_is_named_with_what_would_be_right(tmp_path, text, words):
    file = tmp_path / "twin.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        load_settings(file, {})
