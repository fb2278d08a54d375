"""Every error the twin raises on purpose.

A `TwinError` carries a detail that is safe to show to whoever asked; the cause stays in the log.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar


class TwinError(Exception):
    """Something the twin refuses or cannot do, told so that the reader knows what to do next."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "error"
    title: ClassVar[str] = "The twin could not do this"
    #: The name that a standard gives to such an error.
    uri: ClassVar[str] = ""

    def __init__(self, detail: str, *, cause: BaseException | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members
        if cause is not None:
            self.__cause__ = cause


class InvalidParameter(TwinError):
    """A parameter is unknown, malformed or out of range."""

    status, slug, title = 400, "invalid-parameter", "Invalid parameter"


class SettingsError(TwinError):
    """A settings file or environment variable cannot be used."""

    status, slug, title = 500, "settings", "Invalid settings"


class LayerNotFound(TwinError):
    """There is no layer of that name."""

    status, slug, title = 404, "layer-not-found", "Layer not found"


class FeatureNotFound(TwinError):
    """The layer has no feature with that key at the time asked for."""

    status, slug, title = 404, "feature-not-found", "Feature not found"


class GridNotFound(TwinError):
    """No tile grid has this id."""

    status, slug, title = 404, "grid-not-found", "Tile grid not found"


class StyleNotFound(TwinError):
    """There is no map style, font or sprite of that name."""

    status, slug, title = 404, "style-not-found", "Map style not found"


class StyleNotDrawn(TwinError):
    """The map style says something that only clients draw, not this service."""

    status, slug, title = 422, "style-not-drawn", "Map style not drawn here"


class SceneNotFound(TwinError):
    """No scene, or no part of one, has this address."""

    status, slug, title = 404, "scene-not-found", "Scene not found"


class GeoidOffsetMissing(TwinError):
    """Nobody has said how high national heights lie above the ellipsoid, without which nothing stands on a globe."""

    status, slug, title = 409, "geoid-offset-missing", "No geoid offset is set"


class IndicatorNotFound(TwinError):
    """There is no indicator of that name."""

    status, slug, title = 404, "indicator-not-found", "Indicator not found"


class AnalysisNotFound(TwinError):
    """There is no analysis of that id."""

    status, slug, title = 404, "analysis-not-found", "Analysis not found"


class RevisionNotFound(TwinError):
    """There is no such revision."""

    status, slug, title = 404, "revision-not-found", "Revision not found"


class RevisionConflict(TwinError):
    """The layer has moved on since the state a change was based on."""

    status, slug, title = 409, "revision-conflict", "Revision conflict"


class StoreUnavailable(TwinError):
    """The store is absent, locked, read-only, damaged or out of space."""

    status, slug, title = 503, "store-unavailable", "Store unavailable"


class StoreNotPermitted(StoreUnavailable):
    """The store is there, but whoever runs this may not do that to it; to try again is of no use."""

    status, slug, title = 403, "store-not-permitted", "Not permitted by the store"


class StoreReplaced(StoreUnavailable):
    """The store was replaced or removed while it was open."""

    slug, title = "store-replaced", "Store replaced"


class TookTooLong(TwinError):
    """The store would have had to work longer for this than anybody is waited for; ask for less."""

    status, slug, title = 503, "took-too-long", "Took too long"


class StoreExists(TwinError):
    """A store is already there and will not be overwritten."""

    status, slug, title = 409, "store-exists", "Store exists already"


class CrsError(TwinError):
    """A coordinate reference system is unknown, ambiguous, or cannot be reached without parameters."""

    status, slug, title = 400, "crs", "Coordinate reference system refused"


class NotGeoreferenced(TwinError):
    """Nothing that can be relied on says where on the earth a building model stands."""

    status, slug, title = 422, "not-georeferenced", "Building model not georeferenced"


class SourceError(TwinError):
    """A delivered file cannot be read as what it claims to be."""

    status, slug, title = 400, "source", "Source cannot be read"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing wrong with one delivered row.

    `row` counts from 1 as the deliverer would (the header of a table is not counted); None means the whole file.
    """

    what: str
    file: str | None = None
    row: int | None = None
    field: str | None = None
    value: str | None = None
    limit: str | None = None

    def __str__(self) -> str:
        where = ", ".join(
            part
            for part in (
                self.file,
                f"row {self.row}" if self.row is not None else None,
                f"field {self.field}" if self.field else None,
            )
            if part
        )
        value = f" (found {self.value})" if self.value is not None else ""
        limit = f"; allowed: {self.limit}" if self.limit else ""
        return f"{where + ': ' if where else ''}{self.what}{value}{limit}"


def group_faults(faults: Iterable[Fault], *, first: int = 3) -> list[str]:
    """Return one line for each cause: the only fault it made, or how many it made with the `first` rows."""
    causes: dict[Fault, list[Fault]] = {}
    for fault in faults:
        causes.setdefault(replace(fault, row=None, value=None), []).append(fault)
    lines = []
    for cause, same in causes.items():
        if len(same) == 1:
            lines.append(str(same[0]))
            continue
        shown = (f"{fault.row}" + ("" if fault.value is None else f" found {fault.value}") for fault in same[:first])
        more = ", …" if len(same) > first else ""
        lines.append(f"{cause}; {len(same):,} rows: {', '.join(shown)}{more}")
    return lines


class SchemaViolation(TwinError):
    """Rows break the layer's schema or its checks; carries every fault found."""

    status, slug, title = 422, "schema-violation", "Rows do not fit the layer"

    def __init__(self, detail: str, faults: Iterable[Fault], **members: Any) -> None:
        self.faults = tuple(faults)
        super().__init__(detail, errors=[asdict(fault) for fault in self.faults[:100]], **members)
