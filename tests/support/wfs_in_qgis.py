"""Runs in the system's Python: opens a layer by WFS as a planner does, looks, filters and draws; see tests_qgis."""

import json
import os
import sys

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsRectangle,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

SIZE = 100


def open_layer(asked, more=""):
    """The layer as QGIS opens it from a connection."""
    uri = f"url='{asked['url']}' typename='twin:parcels' version='2.0.0' srsname='{asked['srs']}' {more}"
    return QgsVectorLayer(f"{uri} pagingEnabled='true' pageSize='2' restrictToRequestBBOX='1'", "parcels", "WFS")


def names(layer, request=None):
    """Names of the features that QGIS gets."""
    return sorted(feature["name"] for feature in layer.getFeatures(request or QgsFeatureRequest()))


def draw(layer, box, crs):
    """Which pixels of the middle row have colour, in a map of a box in a CRS."""
    layer.renderer().symbol().setColor(QColor("#ff0000"))
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setDestinationCrs(QgsCoordinateReferenceSystem(crs))
    settings.setExtent(QgsRectangle(*box))
    settings.setOutputSize(QSize(SIZE, SIZE))
    settings.setBackgroundColor(QColor("#ffffff"))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    picture = job.renderedImage()
    return [column for column in range(SIZE) if picture.pixelColor(column, SIZE // 2).name() == "#ff0000"]


asked = json.loads(sys.argv[1])
application = QgsApplication([], False)
application.initQgis()
layer = open_layer(asked)
filtered = open_layer(asked, """filter='"floors" > 5'""")
seen = {
    "valid": layer.isValid(),
    "crs": layer.crs().authid(),
    "type": QgsWkbTypes.displayString(layer.wkbType()),
    "names": names(layer),
    "in_box": names(open_layer(asked), QgsFeatureRequest(QgsRectangle(*asked["box"]))),
    "filtered": [filtered.featureCount(), names(filtered)],
    "drawn": draw(open_layer(asked), asked["picture"], asked["picture_crs"]),
}
print(json.dumps(seen), flush=True)
os._exit(0)  # QGIS may fall over its own feet at exit
