"""A shelf: what was made of the rows of layers, kept on disk, and mapped by every process that draws tiles.

It is a folder of volumes (`tiles.volume`), each with one thing that was made of one state of a layer. A state is named
by all that decides what it holds: the twin and its CRS, the layer as the program describes it, the program's own
sources, and all that is recorded of the revisions up to it. The same number in two histories is not the same state,
since two writes are not recorded at the same instant.

Whatever is wrong with the folder or with a volume costs time and nothing else: then rows are read.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from tiles.flat import flatten, restore
from tiles.volume import DRAFT, Title, Volume, open_volume, read_title, write_volume
from twin.frame import Frame
from twin.layer import Layer
from twin.renewal import read_whole
from twin.rows import Rows, Unread
from twin.settings import Settings
from twin.store import Store

#: How long what was made waits before it is written: whoever wants a tile comes first.
_PAUSE_S = 3.0
#: A draft that is older was left behind by a process that ended.
_STALE_S = 3600.0
_SUFFIX = ".columns"


def open_shelf(settings: Settings) -> Shelf | None:
    """Find the shelf of an installation; None where it wants none, or the user has no cache folder."""
    folder = settings.cache_folder
    return None if folder is None else Shelf(folder, room_bytes=settings.cache_mb * 1_000_000)


class Shelf:
    """Keeps what is made of the current states of layers.

    Parameters
    ----------
    folder
        Where; made, for the user alone, when there is something to keep.
    room_bytes
        What it may take there; what was used least recently goes first.
    """

    def __init__(self, folder: Path, *, room_bytes: int) -> None:
        self.folder = folder
        self._room_bytes = room_bytes
        self._guard, self._writing = Lock(), Lock()
        self._waiting: dict[Path, tuple[Section, str, Any]] = {}
        self._timer: Timer | None = None

    def find(self, store: Store, layer: Layer, known_at: int) -> Frame | None:
        """Find the latest state of a layer, not after a revision, of which something is here; None if there is none.

        No rows are read for it unless somebody asks for them.
        """
        numbers = {state: number for number, state in _name_states(store, layer, known_at).items()}
        here = [title for _, title in self._volumes(_family(store, layer)) if title["state"] in numbers]
        if not here:
            return None
        last = max(here, key=lambda title: numbers[title["state"]])
        revision = numbers[last["state"]]

        def read() -> Rows:
            return read_whole(store, layer, known_at=revision).rows.read()

        rows = Unread(crs=store.crs, count=last["count"], source=read)
        frame = self.attach(store, Frame(layer=layer, rows=rows, revision=revision))
        for title in here:
            if title["state"] == last["state"] and "/" not in title["name"]:
                frame.recall(title["name"])
        return frame

    def attach(self, store: Store, frame: Frame) -> Frame:
        """The same frame, of which what is made is kept here, unless it is secret."""
        states = _name_states(store, frame.layer, frame.revision)
        state = states.pop(frame.revision, None)
        if state is None or frame.layer.classification == "secret":
            return frame
        family, older = _family(store, frame.layer), frozenset(states.values())
        return replace(frame, keeper=Section(shelf=self, family=family, state=state, older=older, count=len(frame)))

    def put_off(self, section: Section, name: str, thing: Any) -> None:
        """Have a thing written after a pause, with all that is made meanwhile."""
        with self._guard:
            self._waiting[section.place(name)] = section, name, thing
            if self._timer is None:
                self._timer = Timer(_PAUSE_S, self.write)
                self._timer.daemon = True
                self._timer.start()

    def write(self) -> None:
        """Write all that waits."""
        with self._guard:
            waiting, self._waiting = self._waiting, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        with self._writing, suppress(OSError):
            for path, (section, name, thing) in waiting.items():
                volume = flatten(thing)
                if volume is not None and volume.size_bytes <= self._room_bytes:
                    self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    write_volume(path, section.bind(name, volume))
                    self._drop(section)

    def _drop(self, section: Section) -> None:
        """Remove what a newer state stands for, and what there is no room for."""
        for path, title in self._volumes(section.family):
            if title["state"] in section.older:
                _remove(path)
        for draft in self.folder.glob(f"{DRAFT}*"):
            if time.time() - _last_used(draft) > _STALE_S:
                _remove(draft)
        left = self._room_bytes
        for path in sorted(self.folder.glob(f"*{_SUFFIX}"), key=_last_used, reverse=True):
            with suppress(OSError):
                left -= path.stat().st_size
            if left < 0:
                _remove(path)

    def _volumes(self, family: str) -> Iterator[tuple[Path, Title]]:
        for path in self.folder.glob(f"{family}*{_SUFFIX}"):
            title = read_title(path)
            if title is not None:
                yield path, title


@dataclass(frozen=True, kw_only=True)
class Section:
    """The part of a shelf that belongs to one state of a layer; see `twin.frame.Keeper`.

    Parameters
    ----------
    shelf
        The whole.
    family
        How the names of the volumes of the layer begin.
    state, older
        The state, and those that came before it in the same history.
    count
        How many rows there are.
    under
        What stands before the names of things: of which other thing they are made.
    """

    shelf: Shelf
    family: str
    state: str
    older: frozenset[str]
    count: int
    under: str = ""

    def find(self, name: str) -> Any:
        """Map what was made under a name; None if it is not there."""
        path = self.place(name)
        volume = open_volume(path)
        if volume is None or (volume.title["state"], volume.title["name"]) != (self.state, self.under + name):
            return None
        with suppress(OSError):
            os.utime(path)
        return restore(volume)

    def add(self, name: str, thing: Any) -> None:
        """Have a thing written soon, if it is of a kind that can be."""
        self.shelf.put_off(self, name, thing)

    def below(self, name: str) -> Section:
        """The section for what is made of a thing of this name."""
        return replace(self, under=f"{self.under}{name}/")

    def place(self, name: str) -> Path:
        """Where the volume of a thing is."""
        digest = _digest(self.state, self.under + name)
        return self.shelf.folder / f"{self.family}{digest[:16]}{_SUFFIX}"

    def bind(self, name: str, volume: Volume) -> Volume:
        """Write on a volume what it is."""
        title = {"state": self.state, "name": self.under + name, "count": self.count}
        return replace(volume, title=volume.title | title)


def _family(store: Store, layer: Layer) -> str:
    return f"{layer.id}-{_digest(store.created_at.isoformat())[:8]}-"


def _name_states(store: Store, layer: Layer, known_at: int) -> dict[int, str]:
    """Name the states of a layer at each of its revisions up to one."""
    described = repr(replace(layer, row_checks=(), checks=(), solids=None))
    states: dict[int, str] = {}
    name = _digest(store.created_at.isoformat(), store.crs.srs, described, _digest_sources())
    for revision in store.revisions(layer):
        if revision.number <= known_at:
            states[revision.number] = name = _digest(name, repr(revision))
    return states


@cache
def _digest_sources() -> str:
    """Name the program: what it makes of the same rows may be another thing after any change."""
    digest = hashlib.sha256()
    for package in ("tiles", "twin"):
        for source in sorted((Path(__file__).parents[1] / package).rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _remove(path: Path) -> None:
    with suppress(OSError):  # another process was faster, or a system that removes no file that is open
        path.unlink()
