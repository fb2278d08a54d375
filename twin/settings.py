"""Settings: one file and the environment over it, loaded once into a frozen object."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from twin.errors import SettingsError
from twin.heights import GeoidOffset
from twin.place import Place

_PREFIX = "TWIN_"
#: Variables of the same prefix that are not settings.
_OTHERS = {"TWIN_REQUIRE", "TWIN_SETTINGS", "TWIN_SHARED_DATA"}


def _setting(default: Any, about: str, limits: tuple[int, int] | None = None) -> Any:
    return field(default=default, metadata={"about": about, "limits": limits})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an installation may choose; every key can stand in ``twin.toml`` or as ``TWIN_<KEY>``."""

    store: Place = _setting(  # noqa: RUF009 it is frozen
        Place("twin.gpkg"), "The store of every command: a path ending in .gpkg, or postgresql://…"
    )
    author: str = _setting("", "Who writes; the login name by default")
    host: str = _setting("127.0.0.1", "Address that the server listens on")
    port: int = _setting(8000, "Port that the server listens on; 0 takes a free one", (0, 65_535))
    max_rows_in_memory: int = _setting(
        3_000_000, "Layers with more rows are served from the database; so many buildings take 5 GB", (1, 1_000_000_000)
    )
    workers: int = _setting(
        1,
        "Processes that answer; each has its own rows in memory and its share of tile_cache_mb and tile_queue",
        (1, 64),
    )
    max_items: int = _setting(100_000, "Most features in one answer of the API", (1, 1_000_000))
    max_seconds: int = _setting(60, "How long a store may work for one request", (1, 86_400))
    tile_cache_mb: int = _setting(256, "Room for finished tiles in memory, megabytes", (1, 1_000_000))
    tile_queue: int = _setting(500, "Most tiles that may wait to be made; more are answered with 503", (1, 1_000_000))
    archives: str = _setting("", "Folder whose .pmtiles and .mbtiles files are served under /archives; empty: none")
    styles: str = _setting("", "Folder of the map styles that whoever may edit puts under /styles; empty: none")
    cache: str = _setting("", "Folder for what is made of layers to draw tiles from; empty: in the user's cache folder")
    cache_mb: int = _setting(2000, "Room for it on disk, megabytes; 0 keeps nothing", (0, 10_000_000))
    jobs: int = _setting(10, "Most jobs of /processes that may go on; more are answered with 503", (1, 1000))
    job_s: int = _setting(600, "Longest time that a job may run, seconds", (1, 1_000_000))
    job_mb: int = _setting(4000, "Most memory that a job may take, megabytes (not on Windows)", (100, 1_000_000))
    geoid_offset: str = _setting(
        "", "What 1985 heights want added to be above the ellipsoid, metres, and after a comma who says so; for scenes"
    )
    serve_secret: bool = _setting(False, "Whether layers classified as secret are served")
    keys: str = _setting(
        "", "File with the keys of those who may edit over HTTP (twin key); empty: only this machine may, without a key"
    )
    editing: bool = _setting(True, "Whether features may be edited over HTTP at all")
    require_if_match: bool = _setting(False, "Whether who changes a feature must say by If-Match which state he saw")
    max_body_mb: int = _setting(20, "Largest body of a request, megabytes", (1, 10_000))
    max_vertices: int = _setting(
        100_000, "Most vertices of a geometry that a request brings, in a filter or an edit", (4, 10_000_000)
    )
    trust_proxy: bool = _setting(False, "Whether the headers X-Forwarded-* and Forwarded of a proxy are believed")

    @property
    def cache_folder(self) -> Path | None:
        """Where what is made of layers is kept; None where that is not wanted, or the user has no cache folder."""
        if self.cache_mb == 0:
            return None
        if self.cache:
            return Path(self.cache)
        try:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        except RuntimeError:  # the user has no home
            return None
        return base / "county-twin" / "columns"

    def serves(self, classification: str) -> bool:
        """Whether layers of a classification go out of the house."""
        return classification != "secret" or self.serve_secret


def load_settings(path: Path | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Load the settings file, then the environment over it.

    Parameters
    ----------
    path
        The file; by default ``TWIN_SETTINGS``, else ``twin.toml`` where it exists.
    env
        The environment, the process's own by default.

    Raises
    ------
    SettingsError
        A key is unknown (the nearest is named) or a value is not of its type.
    """
    env = os.environ if env is None else env
    path = path or (Path(env["TWIN_SETTINGS"]) if "TWIN_SETTINGS" in env else None)
    values: dict[str, Any] = {}
    if path is not None or Path("twin.toml").is_file():
        path = path or Path("twin.toml")
        for key, value in _read(path).items():
            values[key] = _convert(key, value, f"{path}: {key}")
    for name, text in env.items():
        if name.startswith(_PREFIX) and name not in _OTHERS:
            key = name.removeprefix(_PREFIX).lower()
            values[key] = _convert(key, text, name)
    return Settings(**values)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors write the mark
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}", cause=error) from error


def _convert(key: str, value: Any, where: str) -> Any:
    known = {f.name: f for f in fields(Settings)}
    if key not in known:
        near = get_close_matches(key, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        raise SettingsError(f"{where} is not a setting; {hint}")
    kind, limits = type(known[key].default), known[key].metadata["limits"]
    if kind is Place and isinstance(value, str):
        value = Place(value)
    elif kind is bool and isinstance(value, str):
        value = {"true": True, "1": True, "false": False, "0": False}.get(value.lower())
    elif kind is int and isinstance(value, str) and value.isdecimal():
        value = int(value)
    if type(value) is not kind:
        raise SettingsError(f"{where} must be a value of type {'str' if kind is Place else kind.__name__}")
    if key == "geoid_offset" and value:
        GeoidOffset.parse(str(value))
    if limits and not limits[0] <= value <= limits[1]:
        raise SettingsError(f"{where} must be from {limits[0]} to {limits[1]}")
    return value
