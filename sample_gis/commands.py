"""`twin sample`."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import click

from twin.place import Place
from twin.session import Session

if TYPE_CHECKING:
    from sample_gis.county import Delivery, Size
    from twin.ingest import Report

TITLE = "Yinan synthetic sample 沂南示例县(合成数据)"


@click.command(epilog="Example: twin sample sample.gpkg --size county")
@click.argument("place", metavar="STORE", type=Place)
@click.option(
    "--size", type=click.Choice(["small", "county"]), default="small", help="Thousands of houses, or 300,000."
)
@click.option("--seed", type=click.IntRange(min=0), default=2022, help="The same seed gives the same county.")
@click.pass_obj
def sample(session: Session, place: Place, size: Size, seed: int) -> None:
    """Create a twin at STORE, a path ending in .gpkg, with a synthetic county in it; evaluate nothing.

    The store appears whole or not at all.
    """
    from sample_gis import generate, load
    from twin.commands.output import print_json, print_table
    from twin.stores import build_store, require_free

    started = perf_counter()

    def tell(text: str) -> None:
        click.echo(f"{perf_counter() - started:6.1f} s  {text}", err=True)

    def tell_delivery(delivery: Delivery, report: Report) -> None:
        tell(f"{delivery.layer}: {report.read} rows as of {delivery.effective}")

    require_free(place)
    layers = session.catalog.layers
    tell(f"generating the {size} sample county, seed {seed}")
    county = generate(size, seed=seed)
    with build_store(place, crs=county.crs, title=TITLE, area=county.area) as store:
        load(store, session.catalog, county, progress=tell_delivery)
        counts = [(layer.id, store.count(layer), store.latest(layer)) for layer in layers.values()]
    tell("done")
    if session.as_json:
        answer = {"store": str(place), "size": size, "seed": seed, "digest": county.digest()}
        print_json({**answer, "layers": {layer: count for layer, count, _ in counts}})
    else:
        print_table(("layer", "rows", "revision"), counts)
