"""Runs in the system's Python: draws vector tiles around a place in their own CRS; see tests_qgis."""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorTileLayer,
)
from qgis.PyQt.QtCore import QSize

SIDE = 400


def draw(asked):
    """Load tiles with their own style, draw them, and name the colours at some pixels."""
    layer = QgsVectorTileLayer(asked["source"], "map")
    _, styled = layer.loadDefaultStyle()
    west, south, east, north = asked["box"]
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QSize(SIDE, SIDE))
    settings.setExtent(QgsRectangle(west, south, east, north))
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return {
        "version": Qgis.QGIS_VERSION.partition("-")[0],
        "valid": layer.isValid(),
        "styled": styled,
        "crs": layer.crs().authid() or layer.crs().description(),
        "colors": [image.pixelColor(int(x * SIDE), int(y * SIDE)).name() for x, y in asked["pixels"]],
    }


application = QgsApplication([], False)
application.initQgis()
print(json.dumps(draw(json.loads(sys.argv[1]))), flush=True)
os._exit(0)  # QGIS may fall over its own feet at exit
