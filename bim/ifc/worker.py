"""The process in which files are parsed and the geometry kernel works: it may crash, hang or be killed at any time.

It is started by `bim.ifc.supervising` with a job in JSON as its input. It writes tables (Arrow) and arrays (raw) into
the folder of the job, and a journal of JSON lines to its output, which says what stands where. What the kernel prints
goes nowhere. It knows nothing of what other runs did.
"""

from __future__ import annotations

import contextlib
import io
import math
import pickle
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from bim.ifc.child import Journal, serve
from bim.ifc.elements import attribute_of
from bim.model import Units

if TYPE_CHECKING:
    from bim.ifc.opening import OpenedIfc

#: How a surface looks of which the file says nothing.
_PLAIN = ("", (0.7, 0.7, 0.7, 1.0))

_STEP = re.compile(r"#(\d+)")


def main() -> None:
    """Do the job that stands in the input; never returns."""
    sys.meta_path.insert(0, _WithoutPandas())
    _import_kernel()
    serve(_work)


def _import_kernel() -> None:
    """Import ifcopenshell without lark, by which it would make grammars of view definitions and streams first."""
    sys.modules["lark"] = None  # type: ignore[assignment]
    with contextlib.redirect_stderr(io.StringIO()):  # where it says that it misses it
        import ifcopenshell  # noqa: F401


class _WithoutPandas:
    """Arrow imports pandas to see whether a list is one of its arrays: that takes longer than to read a small file."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Find nothing; of pandas say that it is not there."""
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


def _work(job: dict[str, Any], journal: Journal) -> None:
    from bim.ifc.opening import open_ifc
    from bim.ifc.units import read_units

    opened = open_ifc(Path(job["path"]))
    units = read_units(opened.file)
    folder, batches = Path(job["folder"]), job["batches"]
    kernel: _Kernel | None = None
    if batches is None:
        products = opened.file.by_type("IfcProduct")
        batches = [[each.id() for each in products if attribute_of(each, "Representation") is not None]]
        journal.tell("opened", application=opened.application)
        if not job["careful"]:
            # While its threads draw, the rest is read.
            journal.tell("start")
            kernel = _Kernel(opened.file, units, batches[0], job["threads"])
            journal.tell("started")
        write_tables(opened, units, folder, journal, represented=batches[0])
    pen = Pen(folder, journal, opened.file)
    for batch in batches:
        journal.tell("begin", steps=batch)
        kernel = kernel or _Kernel(opened.file, units, batch, job["threads"] if len(batch) > 1 else 1)
        kernel.draw(pen)
        failures, notes = kernel.complaints()
        journal.tell("end", failures=failures, notes=notes)
        kernel = None


def write_tables(
    opened: OpenedIfc, units: Units, folder: Path, journal: Journal, *, represented: Sequence[int]
) -> None:
    """Write all that is no geometry."""
    import pyarrow as pa

    from bim.georeference.reading import read_levels
    from bim.ifc.elements import read_products
    from bim.ifc.matter import read_classifications, read_materials
    from bim.ifc.properties import read_properties

    products = read_products(opened.file, units)
    tables = {
        "elements": products.table,
        "types": products.type_table,
        "properties": read_properties(opened.file, products, units),
        "materials": read_materials(opened.file, products, units),
        "classifications": read_classifications(opened.file, products),
    }
    for name, table in tables.items():
        with pa.ipc.new_file(folder / f"{name}.arrow", table.schema) as file:
            file.write_table(table)
    levels = read_levels(opened.file, length_unit_m=units.length_m)
    (folder / "levels.pickle").write_bytes(pickle.dumps(levels))
    source = {
        "name": opened.name,
        "sha256": opened.sha256,
        "schema": opened.schema,
        "read_as": opened.read_as,
        "normalised": opened.normalised,
        "faults": opened.faults,
        "application": opened.application,
    }
    journal.tell("tables", source=source, units=asdict(units), notes=products.notes, represented=represented)


class Pen:
    """Writes meshes to files without holding them, each once, and tells where they are."""

    def __init__(self, folder: Path, journal: Journal, file: Any) -> None:
        self._journal, self._file = journal, file
        self._files: dict[str, BinaryIO] = {
            name: (folder / f"{name}.bin").open("wb", buffering=0) for name in ("vertices", "triangles", "surfaces")
        }
        self._meshes: set[str] = set()
        self._looks: dict[tuple[Any, ...], int] = {}
        self._names: dict[int, str] = {0: ""}  # what the kernel shows by a default has no style

    def draw(self, element: Any, scale: float) -> None:
        """Write the shape of one product as the iterator gives it."""
        geometry = element.geometry
        looks = [self._look(style) for style in geometry.materials]
        mesh = f"{geometry.id}|{','.join(map(str, looks))}"
        counts = (0, 0)
        if mesh not in self._meshes:
            counts = self._write(geometry, looks, scale)
            self._meshes.add(mesh)
        matrix = np.array(element.transformation.matrix, float).reshape(4, 4).T
        matrix[:3, 3] *= scale
        self._journal.tell(
            "shape",
            step=element.id,
            mesh=mesh,
            vertices=counts[0],
            triangles=counts[1],
            transform=matrix.ravel().tolist(),
        )

    def _write(self, geometry: Any, looks: list[int], scale: float) -> tuple[int, int]:
        vertices = np.frombuffer(geometry.verts_buffer, np.float64)
        triangles = np.frombuffer(geometry.faces_buffer, np.int32)
        named = np.frombuffer(geometry.material_ids_buffer, np.int32)
        surfaces = np.array([*looks, self._number(*_PLAIN)], np.int32)[named]  # -1, nothing, is the last of them
        for name, part in (("vertices", vertices * scale), ("triangles", triangles), ("surfaces", surfaces)):
            _write_all(self._files[name], part.tobytes())
        return len(vertices) // 3, len(triangles) // 3

    def _look(self, style: Any) -> int:
        opacity = 1.0 - style.transparency if math.isfinite(style.transparency) else 1.0
        return self._number(self._name(style.instance_id()), (*style.get_color().components, opacity))

    def _name(self, step: int) -> str:
        """What the file calls a style; the kernel names all by their numbers, also those that are alike."""
        if step not in self._names:
            self._names[step] = str(attribute_of(self._file.by_id(step), "Name") or "")
        return self._names[step]

    def _number(self, name: str, rgba: Sequence[float]) -> int:
        key = (name, *(round(float(part), 6) for part in rgba))
        if key not in self._looks:
            self._looks[key] = len(self._looks)
            self._journal.tell("look", name=name, rgba=key[1:])
        return self._looks[key]


def _write_all(file: BinaryIO, text: bytes) -> None:
    while text:
        text = text[file.write(text) :]


class _Kernel:
    """The iterator over products: from its making on, its threads draw, whatever else is done meanwhile."""

    def __init__(self, file: Any, units: Units, steps: list[int], threads: int) -> None:
        import ifcopenshell
        from ifcopenshell import geom

        self._steps = steps
        log: Any = ifcopenshell.ifcopenshell_wrapper.logger()
        log.output_format(log.FMT_INMEMORY)
        log.verbosity(log.LOG_ERROR)
        self._log = log
        self._started = False
        if steps:
            included = [file.by_id(step) for step in steps]
            settings: Any = geom.settings()  # type: ignore[no-untyped-call]
            self._iterator: Any = geom.iterator(settings, file, threads, include=included, logger=self._log)
            self._started = self._iterator.initialize()
        if self._started:
            # The kernel's own reading of the unit of length fails on files that `read_units` understands.
            self._scale = units.length_m / self._iterator.unit_magnitude()

    def draw(self, pen: Pen) -> None:
        """Draw the products, each as soon as it is done."""
        more = self._started
        while more:
            pen.draw(self._iterator.get(), self._scale)
            more = self._iterator.next()

    def complaints(self) -> tuple[dict[int, str], list[str]]:
        """What was complained of, by product, and of none of them."""
        failures, notes = _sort_complaints(self._log.log_messages(), set(self._steps))
        if not self._started and notes:  # it did not come to any product
            failures = dict.fromkeys(self._steps, "; ".join(notes)) | failures
        return failures, notes


def _sort_complaints(messages: Sequence[Any], steps: set[int]) -> tuple[dict[int, str], list[str]]:
    """The first complaint about each product, and those about nothing in particular."""
    by_step: dict[int, str] = {}
    notes: dict[str, None] = {}
    for message in messages:
        said = " ".join(message.message.split()).removesuffix("Failed to convert:").strip() or "it cannot be converted"
        about = {int(found.group(1)) for part in (message.product, message.instance) if (found := _STEP.match(part))}
        for step in about & steps:
            by_step.setdefault(step, said)
        if not about:
            notes[said] = None
    return by_step, list(notes)


if __name__ == "__main__":
    main()
