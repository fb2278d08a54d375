"""Runs in the system's Python: draws picture tiles around a place in their own CRS; see tests_qgis."""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsMapRendererCustomPainterJob,
    QgsMapSettings,
    QgsRasterLayer,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QImage, QPainter

SIDE = 400


def draw(asked):
    """Load a source of tiles, draw it, and print the colours at some pixels, before QGIS takes anything down."""
    layer = QgsRasterLayer(asked["source"], "map", "wms")
    west, south, east, north = asked["box"]
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(layer.crs())
    settings.setOutputSize(QSize(SIDE, SIDE))
    settings.setExtent(QgsRectangle(west, south, east, north))
    image = QImage(SIDE, SIDE, QImage.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    job = QgsMapRendererCustomPainterJob(settings, painter)
    job.renderSynchronously()
    painter.end()
    seen = {
        "version": Qgis.QGIS_VERSION.partition("-")[0],
        "valid": layer.isValid(),
        "crs": layer.crs().authid(),
        "colors": [image.pixelColor(int(x * SIDE), int(y * SIDE)).name() for x, y in asked["pixels"]],
    }
    print(json.dumps(seen), flush=True)
    os._exit(0)  # QGIS may fall over its own feet at exit


application = QgsApplication([], False)
application.initQgis()
draw(json.loads(sys.argv[1]))
