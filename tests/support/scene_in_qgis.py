"""Runs in the Python of QGIS: draws a tileset from above, and says where something is drawn."""

from __future__ import annotations

import json
import sys
from typing import Any

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsTiledSceneLayer,
)
from qgis.PyQt.QtCore import QSize

_SIDE_PX = 800


def look(asked: dict[str, Any]) -> dict[str, Any]:
    """Draw a square about a place, and look at the pixels of places beside it, metres east and north."""
    layer = QgsTiledSceneLayer(f"url=file://{asked['tileset']}", "scene", "cesiumtiles")
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(asked["crs"]))
    settings.setOutputSize(QSize(_SIDE_PX, _SIDE_PX))
    x, y, half_m = asked["x"], asked["y"], asked["half_m"]
    settings.setExtent(QgsRectangle(x - half_m, y - half_m, x + half_m, y + half_m))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image, px_per_m = job.renderedImage(), _SIDE_PX / 2 / half_m
    colors = [
        image.pixelColor(round(_SIDE_PX / 2 + east * px_per_m), round(_SIDE_PX / 2 - north * px_per_m))
        for east, north in asked["places"]
    ]
    image.save(asked["picture"])
    seen = [color.getRgb()[:3] for color in colors]
    return {"valid": layer.isValid(), "drawn": [min(rgb) < 250 for rgb in seen], "colors": seen}


application = QgsApplication([], False)
application.initQgis()
print(json.dumps(look(json.loads(sys.argv[1]))))
