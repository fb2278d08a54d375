"""The themes of the county: one module or sub-package each, found by `catalog()`."""

from __future__ import annotations

from twin.catalog import Catalog, discover


def catalog() -> Catalog:
    """Collect the layers, indicators and analyses that the modules of this package declare."""
    return discover(__name__)
