"""What every request works with, made once by `create_app` and handed on through the application's state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request
from jinja2 import Environment

from api.crs import NamedCrs
from api.edits.writer import Writer
from api.http.links import Links
from api.http.sent import HotAnswer, SentAnswer
from api.jobs.desk import Jobs
from api.ops.desk import Desk
from api.ops.measures import Measures
from api.ops.turn import StampReader
from api.ops.workers import Worker
from api.tiles.athand import AtHand
from tiles.cache import SizedCache
from tiles.counting import ZoomCounter
from tiles.glyphs import GlyphFont
from tiles.grid import Grid
from twin.catalog import Catalog
from twin.engine import Result
from twin.frames import Frames
from twin.indicator import Indicator
from twin.keys import KeyFile
from twin.parts import Part
from twin.settings import Settings
from twin.store import UNTITLED, Store

#: An indicator with parsed parameters at an instant (None is now) gives a result.
Evaluate = Callable[[Indicator, dict[str, Any], datetime | None], Result]


@dataclass(frozen=True, kw_only=True)
class Context:
    """The settings, the data, and the caches over them.

    Parameters
    ----------
    settings, store, catalog, worker
        As given to `create_app`.
    stamp
        Reads the stamp of the store.
    served
        The catalog without the layers that this installation does not serve: to the outside they are not there.
    collections
        What is a collection, by id: each of these layers, and its parts where it has some.
    crs
        The CRS that coordinates of every layer are given and asked for in.
    keys
        Whose keys allow to edit; None where nobody was given one.
    writer
        Where edits are written.
    frames
        Whole layers in memory, by revision.
    evaluate
        Evaluates an indicator and remembers the result for as long as its inputs stay the same.
    jobs
        Evaluations that nobody waits for.
    grids
        The tile grids that the twin offers, by id.
    at_hand
        The levels of tiles of which everything is in memory.
    measures
        What was answered so far.
    desk
        Where tiles are made that take longer than a moment.
    hot
        What requests were answered with: those for tiles by target and accepted codings, those for documents by
        `api.http.recall.document_key`.
    tags, answers
        Entity tags of tiles by state and place; finished tiles and documents by entity tag, letters by range, each by
        content coding too.
    counter
        Counts what tiles leave out.
    font
        The letters of maps.
    pages
        The templates of the HTML pages.
    """

    settings: Settings
    worker: Worker
    store: Store
    stamp: StampReader
    catalog: Catalog
    served: Catalog
    collections: Mapping[str, Part]
    crs: tuple[NamedCrs, ...]
    keys: KeyFile | None
    writer: Writer
    frames: Frames
    evaluate: Evaluate
    jobs: Jobs
    grids: Mapping[str, Grid]
    at_hand: AtHand
    measures: Measures
    desk: Desk
    hot: SizedCache[HotAnswer]
    tags: SizedCache[str]
    answers: SizedCache[SentAnswer]
    counter: ZoomCounter
    font: GlyphFont
    pages: Environment

    @property
    def title(self) -> str:
        """What the twin is called."""
        return self.store.title or UNTITLED

    def collection(self, name: str) -> Part:
        """The collection of that id, or of a layer's Chinese title, or `LayerNotFound` naming the nearest."""
        return self.collections.get(name) or self.collections[self.served.layer(name).id]


def context_of(request: Request) -> Context:
    """The context of the application that answers this request."""
    context: Context = request.app.state.context
    return context


def links_of(request: Request) -> Links:
    """The builder of this request's URLs."""
    return Links.of(request)
