"""Coordinate reference systems as QGIS writes them."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from twin.crs import CRS, crs_label, epsg_code


def write_crs(parent: Element, crs: CRS) -> None:
    """Write a CRS; one with a code is the one that QGIS knows by it."""
    system = SubElement(parent, "spatialrefsys")
    code = epsg_code(crs)
    SubElement(system, "wkt").text = crs.to_wkt()
    if code is not None:
        for name in ("srsid", "srid"):
            SubElement(system, name).text = str(code)
        SubElement(system, "authid").text = f"EPSG:{code}"
    SubElement(system, "description").text = crs.name if code else crs_label(crs)
