"""`twin sample`."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from twin.place import Place
from twin.session import Session

if TYPE_CHECKING:
    from bim.importing import Imported
    from sample_gis.county import Delivery, Size
    from twin.ingest import Report

TITLE = "Yinan synthetic sample 沂南示例县(合成数据)"


def _require_empty(_context: click.Context, _parameter: click.Parameter, folder: Path | None) -> Path | None:
    """A folder in which nothing stands yet."""
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise click.BadParameter(f"{folder} is not empty; nothing was changed")
    return folder


@click.command(epilog="Example: twin sample sample.gpkg --size county")
@click.argument("place", metavar="STORE", type=Place)
@click.option(
    "--size", type=click.Choice(["small", "county"]), default="small", help="Thousands of houses, or 300,000."
)
@click.option("--seed", type=click.IntRange(min=0), default=2022, help="The same seed gives the same county.")
@click.option(
    "--delivery",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_require_empty,
    metavar="DIR",
    help="Write also a delivery of its pipelines with a fault for each rule of acceptance, listed in faults.json.",
)
@click.option(
    "--models",
    type=click.Path(path_type=Path, file_okay=False),
    callback=_require_empty,
    metavar="DIR",
    help="Write also models (IFC) of a school, a hospital and a service centre, and what is asked of and in them.",
)
@click.option("--without-models", is_flag=True, help="Leave models of buildings out of the store, which is sooner.")
@click.pass_obj
def sample(
    session: Session,
    place: Place,
    size: Size,
    seed: int,
    delivery: Path | None,
    models: Path | None,
    without_models: bool,
) -> None:
    """Create a twin at STORE, a path ending in .gpkg, with a synthetic county in it; evaluate nothing.

    The store appears whole or not at all.
    """
    from sample_gis import generate, load
    from sample_gis.models.loading import load_models
    from sample_gis.models.models import author_models, write_models
    from twin.commands.output import print_json, print_table
    from twin.stores import build_store, require_free

    started = perf_counter()

    def tell(text: str) -> None:
        click.echo(f"{perf_counter() - started:6.1f} s  {text}", err=True)

    def tell_taken(taken: Delivery, report: Report) -> None:
        tell(f"{taken.layer}: {report.read} rows as of {taken.effective}")

    def tell_imported(imported: Imported) -> None:
        tell(f"model {imported.model_id}: {len(imported.added)} elements of {', '.join(imported.buildings)}")

    require_free(place)
    layers = session.catalog.layers
    tell(f"generating the {size} sample county, seed {seed}")
    county = generate(size, seed=seed)
    authored = author_models(county)
    with build_store(place, crs=county.crs, title=TITLE, area=county.area) as store:
        load(store, session.catalog, county, progress=tell_taken)
        if not without_models:
            load_models(store, session.catalog, authored, progress=tell_imported)
        counts = [(layer.id, store.count(layer), store.latest(layer)) for layer in layers.values()]
    if delivery is not None:
        from sample_gis.pipes.faults import plant_faults, write_planted

        tell(f"writing a delivery with faults to {delivery}")
        write_planted(plant_faults(county), county.crs, delivery)
    if models is not None:
        tell(f"writing models to {models}")
        write_models(authored, models)
    tell("done")
    if session.as_json:
        answer = {"store": str(place), "size": size, "seed": seed, "digest": county.digest()}
        print_json({**answer, "layers": {layer: count for layer, count, _ in counts}})
    else:
        print_table(("layer", "rows", "revision"), counts)
