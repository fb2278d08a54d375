"""The last step: rows that fit the schema are checked against each other and the store, then written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from twin.errors import InvalidParameter, SchemaViolation, SourceError
from twin.ingest.changes import Mode, check_keys, find_changes, refuse_offset, run_checks
from twin.ingest.faults import Faults, Rows, summarise
from twin.ingest.names import require_known
from twin.ingest.outline import judge_places
from twin.ingest.report import Report, Watch, watch_nothing
from twin.layer import Layer
from twin.query import Query
from twin.store import Changes, Store

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a caller wants done with valid rows."""

    layer: Layer
    mode: Mode
    effective: datetime | None
    author: str
    reason: str
    dry_run: bool
    watch: Watch = watch_nothing

    def __post_init__(self) -> None:
        require_known(self.mode, ("append", "replace", "sync"), "mode")
        if self.effective is not None and self.effective.tzinfo is None:
            raise InvalidParameter("effective needs a time zone", parameter="effective")
        if self.effective is not None and self.effective > datetime.now(UTC):
            raise InvalidParameter(f"effective {self.effective.isoformat()} lies in the future", parameter="effective")

    def write(
        self,
        store: Store,
        rows: GeoDataFrame,
        origin: Rows,
        faults: Faults,
        report: Report,
        *,
        trust_places: bool = False,
    ) -> Report:
        """Check rows against each other and the store, then write them.

        Parameters
        ----------
        store
            Where they go.
        rows
            n rows indexed by key, every field of the schema, storage CRS.
        origin
            Where they come from.
        faults
            What was found wrong so far; with any, nothing is written.
        report
            The report so far.
        trust_places
            Somebody vouches for the datum: a move that looks like a map offset is real.

        Raises
        ------
        SchemaViolation
            There are faults.
        """
        layer = self.layer
        check_keys(rows, origin, layer, faults)
        self._require_faultless(faults, report)
        if not len(rows):
            raise SourceError(f"the delivery holds no rows for {layer.id}; nothing was changed")
        notices = judge_places(rows, origin, store.area, store.crs, faults)
        self._require_faultless(faults, report)
        self.watch(f"comparing {len(rows):,} rows with what is stored")
        base = store.latest(layer)
        stored = store.read(layer, self._concerned(rows, base)).data
        if self.mode != "append" and not trust_places:
            refuse_offset(rows, stored, store.crs)
        changes = find_changes(rows, stored, self.mode, layer, origin, faults)
        self._require_faultless(faults, report)
        run_checks(rows, stored, self.mode, layer, origin, faults)
        self._require_faultless(faults, report)
        inserted, updated, deleted = changes.counts
        report = replace(
            report,
            notices=(*report.notices, *notices),
            inserted=inserted,
            updated=updated,
            deleted=deleted,
            unchanged=len(rows) - inserted - updated,
        )
        if self.dry_run or not any(changes.counts):
            return report
        self.watch(f"writing {sum(changes.counts):,} changes")
        return replace(report, revision=self._commit(store, changes, base, report))

    def _concerned(self, rows: GeoDataFrame, base: int) -> Query:
        """Which stored rows matter: none before the first revision, all where the result is judged as a whole."""
        if base == 0:
            return Query(limit=0)
        if self.mode == "append" and not self.layer.checks:
            return Query(ids=tuple(rows.index))
        return Query()

    def _commit(self, store: Store, changes: Changes, base: int, report: Report) -> int:
        source = report.source or ", ".join(file.name for file in report.files) or None
        revision = store.write(
            self.layer,
            changes,
            author=self.author,
            reason=self.reason or f"{self.mode} {source or 'rows'}",
            effective=self.effective,
            base=base,
            source=source,
            sha256=report.sha256,
        )
        return revision.number

    def _require_faultless(self, faults: Faults, report: Report) -> None:
        if faults.count:
            faults.sort()
            report = replace(report, faults=tuple(faults.kept), fault_count=faults.count)
            raise SchemaViolation(summarise(faults, self.layer.id), faults.kept, report=report.to_dict())
