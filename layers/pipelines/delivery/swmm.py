"""Networks of SWMM."""

from __future__ import annotations

from typing import Any

from layers.pipelines.delivery.model import FOOT_M, Model, Sections

#: Units of flow that make all lengths feet.
_US = ("CFS", "GPM", "MGD")

_NODES = (
    ("JUNCTIONS", {"appurtenance": "manhole"}),
    ("DIVIDERS", {"appurtenance": "manhole"}),
    ("STORAGE", {"appurtenance": "basin"}),
    ("OUTFALLS", {"feature": "outfall"}),
)
_DEVICES = {"PUMPS": "pump_station", "ORIFICES": "sluice", "WEIRS": "overflow_well", "OUTLETS": "sluice"}


def read_swmm(sections: Sections, name: str) -> Model:
    """Read a network of SWMM: gravity pipes by the heights of their inverts.

    The ground is the invert of a node and its depth; where that is 0, the crown of the highest pipe there, as SWMM has
    it. Pumps, orifices, weirs and outlets are links there; here they are points in the middle of the link.

    References
    ----------
    SWMM 5.2 User's Manual, appendix D (command-line SWMM: input file).
    """
    model = Model(name=name, format="SWMM", sections=sections)
    metre = FOOT_M if model.option("FLOW_UNITS", "CFS") in _US else 1.0
    absolute = model.option("LINK_OFFSETS", "DEPTH") == "ELEVATION"
    shapes = _read_shapes(model, metre)
    inverts = {
        row[0]: model.number(row[1], line) * metre for section, _ in _NODES for line, row in model.rows(section, 2)
    }

    def height(node: str, offset: str, line: int) -> float:
        if offset == "*":
            return inverts.get(node, 0.0)
        value = model.number(offset, line) * metre
        return value if absolute else inverts.get(node, 0.0) + value

    links = []
    crowns: dict[str, float] = {}
    for line, row in model.rows("CONDUITS", 7):
        link, a, b = row[:3]
        section = shapes.get(link, {})
        ends = height(a, row[5], line), height(b, row[6], line)
        size_m = section.get("diameter_mm", section.get("height_mm", 0.0)) / 1000
        for node, end in zip((a, b), ends, strict=True):
            crowns[node] = max(crowns.get(node, end), end + size_m)
        links.append((link, line, a, b, section, ends))
    ground: dict[str, float] = {}
    for section_name, fields in _NODES:
        for line, row in model.rows(section_name, 2):
            deep = section_name != "OUTFALLS" and len(row) > 2
            depth_m = model.number(row[2], line) * metre if deep else 0.0
            ground[row[0]] = inverts[row[0]] + depth_m if depth_m else crowns.get(row[0], inverts[row[0]])
            model.add_node(row[0], line, ground[row[0]], **_drain(**fields))
    for link, line, a, b, section, (start, stop) in links:
        depths = {"from_depth_m": ground.get(a, start) - start, "to_depth_m": ground.get(b, stop) - stop}
        model.add_link(link, line, a, b, **_pipe(start, stop), **section, **depths, flow_direction="forward")
    for section_name, appurtenance in _DEVICES.items():
        for line, (link, a, b, *_) in model.rows(section_name, 3):
            middle_m = (ground.get(a, 0.0) + ground.get(b, 0.0)) / 2
            point = {"ground_m": middle_m, **_drain(appurtenance=appurtenance)}
            heights = _pipe(inverts.get(a, 0.0), inverts.get(b, 0.0))
            model.add_device(link, line, a, b, point, **heights, **shapes.get(link, {}), flow_direction="forward")
    model.merge_ends()
    return model


def _read_shapes(model: Model, metre: float) -> dict[str, dict[str, float]]:
    """Sections by link; what is neither round nor rectangular is as wide and as high as it is at most."""
    found: dict[str, dict[str, float]] = {}
    others = set()
    for line, row in model.rows("XSECTIONS", 2):
        link, shape, *sizes = row
        if shape.upper() in ("IRREGULAR", "CUSTOM", "DUMMY", "STREET"):
            continue
        height_mm, width_mm = (
            model.number(sizes[at], line) * metre * 1000 if len(sizes) > at else 0.0 for at in (0, 1)
        )
        if shape.upper() in ("CIRCULAR", "FORCE_MAIN", "FILLED_CIRCULAR"):
            found[link] = {"diameter_mm": height_mm}
        elif height_mm > 0 and width_mm > 0:
            found[link] = {"width_mm": width_mm, "height_mm": height_mm}
            others |= {shape.upper()} - {"RECT_OPEN", "RECT_CLOSED"}
    if others:
        model.notices += (f"sections {', '.join(sorted(others))} are taken by their greatest width and height",)
    return found


def _drain(**fields: Any) -> dict[str, Any]:
    return {"class": "PS", "status": "in_service", **fields}


def _pipe(start_m: float, stop_m: float) -> dict[str, Any]:
    return _drain(depth_ref="inner_bottom", from_elevation_m=start_m, to_elevation_m=stop_m)
