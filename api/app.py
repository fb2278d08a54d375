"""The application: `create_app` puts the routers together; nothing happens at import."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Response
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute

from api import common, qgis, scenes
from api.buildings import routes as buildings
from api.buildings.reading import knows_buildings
from api.context import Context
from api.crs import offer_crs
from api.edits import routes as edits
from api.edits.writer import Writer
from api.features import collections, filters
from api.features import routes as features
from api.features.hot import HotItems
from api.hot import HotTiles
from api.http import problems
from api.http.cors import OpenToAll
from api.http.finish import Finish
from api.http.limits import WaitAtMost, refuse_long_address
from api.http.pages import load_pages
from api.http.proxy import BehindProxy
from api.http.recall import Recall
from api.indicators import routes as indicators
from api.indicators.evaluation import remember_results
from api.jobs import processes
from api.jobs import routes as jobs
from api.jobs.desk import Jobs
from api.maps import routes as maps
from api.maps import wmts
from api.ops import health, metrics
from api.ops.desk import Desk
from api.ops.journal import Journal
from api.ops.measures import Measures
from api.ops.observe import HeadAsGet, Observe
from api.ops.reopen import Reopening
from api.ops.turn import StampReader
from api.ops.workers import ALONE, Worker
from api.params import refuse_repeated
from api.styles import edits as styleedits
from api.styles import routes as styles
from api.tiles import arcgis, archives, tilesets
from api.tiles import ogc as ogctiles
from api.tiles.athand import AtHand
from api.wfs import routes as wfs
from tiles.cache import SizedCache
from tiles.counting import ZoomCounter
from tiles.glyphs import GlyphFont
from tiles.grid import grids_for
from twin.catalog import Catalog
from twin.frames import Frames, Shelf
from twin.keys import KeyFile
from twin.parts import collect_parts
from twin.place import Place
from twin.settings import Settings
from twin.store import Store
from twin.stores import open_store

_HERE = Path(__file__).parent
#: Room for the entity tags of 40,000 tiles.
_TAGS_BYTES = 20_000_000
#: How old what other processes counted may be.
_PUBLISH_EVERY_S = 1.0


def create_app(
    settings: Settings,
    store: Store,
    catalog: Catalog,
    *,
    open_again: Callable[[], Store] | None = None,
    open_to_write: Callable[[], Store] | None = None,
    worker: Worker = ALONE,
    shelf: Shelf | None = None,
    jobs_of_all: Jobs | None = None,
) -> FastAPI:
    """Make the HTTP service over a store.

    Parameters
    ----------
    settings
        What the installation chose.
    store
        An open store; whoever opened it closes it.
    catalog
        The layers and indicators there are.
    open_again
        Opens what stands in the place of the store after it was replaced; by default, what its URL names.
    open_to_write
        Opens the store for edits; by default the one that is served is written.
    worker
        Which of the processes that serve it together this is.
    shelf
        Where what is made of layers outlasts the process.
    jobs_of_all
        Takes in jobs that other processes know of too; by default nobody else does.
    """
    app = FastAPI(
        title="County twin",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_release,
    )
    jobs_here = jobs_of_all or Jobs(settings, Place(store.url))
    keys = KeyFile(Path(settings.keys)) if settings.keys else None
    writer = Writer(open_to_write)
    measures = Measures()

    served = catalog.served(settings)

    def make_context(store: Store) -> Context:
        return Context(
            settings=settings,
            worker=worker,
            store=store,
            stamp=StampReader(store),
            catalog=catalog,
            served=served,
            collections=collect_parts(served.layers.values()),
            crs=offer_crs(store),
            keys=keys,
            writer=writer,
            frames=Frames(store, most_rows=settings.max_rows_in_memory, shelf=shelf),
            evaluate=remember_results(store, catalog),
            jobs=jobs_here,
            grids=grids_for(store.crs),
            at_hand=AtHand(lambda ids: tilesets.find_source(app.state.context, ids)),
            measures=measures,
            desk=Desk(settings.tile_queue),
            hot=SizedCache(_TAGS_BYTES),
            tags=SizedCache(_TAGS_BYTES),
            answers=SizedCache(settings.tile_cache_mb * 1_000_000),
            counter=ZoomCounter(),
            font=GlyphFont(),
            pages=load_pages(),
        )

    app.state.context = make_context(store)
    app.state.journal = Journal(measures)
    app.state.readiness = health.Readiness()
    app.state.recall = Recall(app)
    app.state.hot = HotTiles(app)
    app.state.hot_items = HotItems(app)
    app.state.reopen = Reopening(app, make_context, open_again or (lambda: open_store(store.url)))
    app.router.routes += _make_routes(with_buildings=knows_buildings(served))
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    app.mount("/viewer", StaticFiles(directory=_HERE / "viewer", html=True), name="viewer")
    problems.install_handlers(app)
    # The last one added is the outermost: every answer, a crash included, passes CORS and gets its request id.
    app.add_middleware(Finish)
    app.add_middleware(HeadAsGet)
    app.add_middleware(WaitAtMost)
    if settings.trust_proxy:
        app.add_middleware(BehindProxy)
    app.add_middleware(Observe)
    app.add_middleware(OpenToAll, editing=keys is not None)
    return app


@cache
def _make_routes(*, with_buildings: bool) -> list[BaseRoute]:
    """What every service answers at; made once in a process, since looking through the functions takes a while."""
    router = APIRouter(
        default_response_class=Response,
        dependencies=[Depends(refuse_long_address), Depends(refuse_repeated)],
    )
    for room in (
        tilesets,
        ogctiles,
        maps,
        wmts,
        arcgis,
        common,
        collections,
        features,
        filters,
        edits,
        indicators,
        processes,
        jobs,
        archives,
        styles,
        styleedits,
        qgis,
        scenes,
        *([buildings] if with_buildings else []),
        health,
        metrics,
        problems,
    ):
        router.include_router(room.router)
    return [*router.routes, wfs.ROUTE, wmts.ROUTE]


@asynccontextmanager
async def _release(app: FastAPI) -> AsyncIterator[None]:
    publishing = asyncio.create_task(_publish_again_and_again(app)) if app.state.context.worker.shared else None
    yield
    if publishing is not None:
        publishing.cancel()
    app.state.journal.write()
    app.state.context.writer.close()
    app.state.context.desk.close()
    app.state.context.counter.close()
    app.state.context.jobs.close()
    app.state.reopen.close()


async def _publish_again_and_again(app: FastAPI) -> None:
    while True:
        with suppress(OSError):  # the folder goes when the service ends
            await asyncio.to_thread(metrics.publish, app)
        await asyncio.sleep(_PUBLISH_EVERY_S)
