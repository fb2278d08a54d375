"""The themes of the county: one module or sub-package each, found by `catalog()`."""

from __future__ import annotations

from twin.catalog import Catalog, discover

#: Modules elsewhere that declare analyses: they are found by name, as commands are, so that no theme knows them.
ELSEWHERE = ("bim.clash",)


def catalog() -> Catalog:
    """Collect the layers, indicators and analyses that the modules of this package declare, and those of others."""
    return discover(__name__, *ELSEWHERE)
