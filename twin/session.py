"""What every command gets: settings, the store's place, the catalog, and how to answer."""

from __future__ import annotations

import getpass
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.errors import SettingsError
from twin.place import Place
from twin.settings import Settings

if TYPE_CHECKING:
    from twin.catalog import Catalog
    from twin.store import Store


@dataclass(frozen=True, kw_only=True)
class Session:
    """One call of the command line.

    Parameters
    ----------
    settings
        The effective settings.
    store_url
        The store of the call.
    as_json
        Whether a program reads the answer.
    """

    settings: Settings
    store_url: Place
    as_json: bool = False

    @property
    def catalog(self) -> Catalog:
        """Layers, indicators and analyses; the themes stand above the core, so they are found by name."""
        catalog: Catalog = importlib.import_module("layers").catalog()
        return catalog

    @property
    def author(self) -> str:
        """Who is recorded as the author of a write."""
        return name_login(self.settings)

    def open(self, *, write: bool = False) -> Store:
        """Open the store of the call."""
        from twin.stores import open_store

        return open_store(self.store_url, write=write)


def name_login(settings: Settings) -> str:
    """Find out who writes: the author of the settings, or whoever is logged in.

    Raises
    ------
    SettingsError
        Neither has a name.
    """
    try:
        return settings.author or getpass.getuser()
    except (KeyError, OSError) as error:
        raise SettingsError("this login has no name; say who writes by TWIN_AUTHOR", cause=error) from error
