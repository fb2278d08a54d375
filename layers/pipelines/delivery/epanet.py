"""Networks of EPANET."""

from __future__ import annotations

from typing import Any

from layers.pipelines.delivery.model import FOOT_M, Model, Sections

#: Units of flow that make lengths feet and diameters inches.
_US = ("CFS", "GPM", "MGD", "IMGD", "AFD")
_INCH_MM = 25.4

#: What stands on a link of each type of valve.
_VALVES = {"PRV": "pressure_reducer"}


def read_epanet(sections: Sections, name: str) -> Model:
    """Read a network of EPANET: water pipes at the heights of its nodes, which stand for the axes of pipes.

    Pumps, valves and pipes that are closed or let through one way only are links there; here they are points in the
    middle of the link.

    References
    ----------
    EPANET 2.2 User Manual, appendix C (input file) and table A.1 (units).
    """
    model = Model(name=name, format="EPANET", sections=sections)
    us = model.option("UNITS", "GPM") in _US
    metre, mm = (FOOT_M, _INCH_MM) if us else (1.0, 1.0)
    heights: dict[str, float] = {}
    for section, appurtenance in (("JUNCTIONS", None), ("RESERVOIRS", "water_source"), ("TANKS", "basin")):
        for line, row in model.rows(section, 1):
            heights[row[0]] = metre * (model.number(row[1], line) if len(row) > 1 else 0.0)
            model.add_node(row[0], line, heights[row[0]], **_water(appurtenance=appurtenance))
    states = {row[0]: row[1].upper() for _, row in model.rows("STATUS", 2)}

    def along(a: str, b: str) -> dict[str, Any]:
        return _water(depth_ref="center", from_elevation_m=heights.get(a), to_elevation_m=heights.get(b))

    def middle(a: str, b: str, **fields: Any) -> dict[str, Any]:
        return {"ground_m": (heights.get(a, 0.0) + heights.get(b, 0.0)) / 2, **_water(**fields)}

    for line, row in model.rows("PIPES", 5):
        link, a, b = row[:3]
        fields = along(a, b) | {"diameter_mm": model.number(row[4], line) * mm}
        state = states.get(link, row[7].upper() if len(row) > 7 else "OPEN")
        if state == "CLOSED":
            model.add_device(link, line, a, b, middle(a, b, appurtenance="valve", valve_state="closed"), **fields)
        elif state == "CV":
            fields["flow_direction"] = "forward"
            model.add_device(link, line, a, b, middle(a, b, appurtenance="check_valve"), **fields)
        else:
            model.add_link(link, line, a, b, **fields)
    for line, (link, a, b, *_) in model.rows("PUMPS", 3):
        fields = along(a, b) | {"flow_direction": "forward"}
        model.add_device(link, line, a, b, middle(a, b, appurtenance="pump_station"), **fields)
    for line, (link, a, b, diameter, kind, *_) in model.rows("VALVES", 5):
        appurtenance = _VALVES.get(kind.upper(), "valve")
        closed = {"valve_state": "closed"} if appurtenance == "valve" and states.get(link) == "CLOSED" else {}
        fields = along(a, b) | {"diameter_mm": model.number(diameter, line) * mm}
        model.add_device(link, line, a, b, middle(a, b, appurtenance=appurtenance, **closed), **fields)
    model.merge_ends()
    return model


def _water(**fields: Any) -> dict[str, Any]:
    return {"class": "JS", "status": "in_service", **fields}
