"""The models of the sample county into a store, as their deliverer would import them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sample_gis.models.models import Authored, write_models

if TYPE_CHECKING:
    from bim.importing import Imported
    from twin.catalog import Catalog
    from twin.store import Store

_AT_ONCE = 2
_EFFECTIVE = datetime(2022, 3, 1, tzinfo=timezone(timedelta(hours=8)))


def load_models(
    store: Store,
    catalog: Catalog,
    models: tuple[Authored, ...],
    *,
    progress: Callable[[Imported], None] | None = None,
) -> list[Imported]:
    """Import models, each as one write effective from their day; that without a place by its declaration.

    Parameters
    ----------
    store
        A store in which the buildings of the county are.
    catalog
        Its layers.
    models
        What to import.
    progress
        Called after each model.
    """
    from bim.georeference.choosing import assess_levels, declare_place
    from bim.georeference.declared import read_declaration
    from bim.ifc.reading import read_ifc
    from bim.importing import Order, import_model

    done = []
    # Files are read by processes of their own: the next one while this one is written.
    with TemporaryDirectory() as folder, ThreadPoolExecutor(_AT_ONCE) as readers:
        write_models(models, Path(folder))
        files = [Path(folder, f"{each.name}.ifc") for each in models]
        for each, file, model in zip(models, files, readers.map(read_ifc, files), strict=True):
            place = (
                assess_levels(model.levels)
                if each.declaration is None
                else declare_place(model.levels, read_declaration(file.with_suffix(".toml")))
            )
            reason = f"synthetic sample: model of {each.title}"
            order = Order(author="sample", reason=reason, effective=_EFFECTIVE, building_id=each.lot.building_id)
            done.append(import_model(store, catalog, file, model, place, order))
            if progress:
                progress(done[-1])
    return done
