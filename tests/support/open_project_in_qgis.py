"""Runs in the system's Python: opens a project as a planner does, looks, draws and edits; see tests_qgis."""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsLayerTreeLayer,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
    QgsWkbTypes,
)
from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor


def describe(layer):
    """What QGIS makes of a layer."""
    setups = {field.name(): layer.editorWidgetSetup(i) for i, field in enumerate(layer.fields())}
    return {
        "valid": layer.isValid(),
        "error": layer.error().message(),
        "provider": layer.providerType(),
        "fixed": layer.readOnly(),
        "source": layer.source(),
        "title": layer.name(),
        "abstract": layer.metadata().abstract(),
        "count": layer.featureCount(),
        "read": sum(1 for _ in layer.getFeatures()),
        "type": QgsWkbTypes.displayString(layer.wkbType()),
        "crs": layer.crs().toProj(),
        "codes": {name: setup.config()["map"] for name, setup in setups.items() if setup.type() == "ValueMap"},
        "categories": [[c.value(), c.label()] for c in getattr(layer.renderer(), "categories", list)()],
        "aliases": {field.name(): field.alias() for field in layer.fields()},
    }


def list_groups(project):
    """The tree: groups with the ids of their layers, and which layers are shown."""
    tree = project.layerTreeRoot()
    shown = [leaf.layerId() for leaf in tree.findLayers() if leaf.isVisible()]
    groups = [
        [group.name(), [leaf.layerId() for leaf in group.children() if isinstance(leaf, QgsLayerTreeLayer)]]
        for group in tree.children()
        if isinstance(group, QgsLayerTreeGroup)
    ]
    return {"groups": groups, "shown": shown, "order": [layer.id() for layer in tree.layerOrder()]}


def draw(project, asked):
    """Draw layers of the project in its CRS, 800 by 600 pixels; returns how many pixels have which colour."""
    order = project.layerTreeRoot().layerOrder()
    ids = asked.get("draw") or list_groups(project)["shown"]
    settings = QgsMapSettings()
    settings.setLayers([layer for layer in order if layer.id() in ids])
    settings.setDestinationCrs(project.crs())
    settings.setTransformContext(project.transformContext())
    settings.setOutputSize(QSize(800, 600))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(Qt.white))
    extent = QgsRectangle(project.viewSettings().fullExtent())
    if "center" in asked:
        x, y = asked["center"]
        across, up = (pixels * 0.0254 / 96 * asked["scale"] / 2 for pixels in (800, 600))
        extent = QgsRectangle(x - across, y - up, x + across, y + up)
    settings.setExtent(extent)
    context = QgsExpressionContext()  # as the window of QGIS gives it, so that expressions know the scale
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    if "picture" in asked:
        image.save(asked["picture"])
    counts = {}
    for pixel in (image.pixel(i, j) & 0xFFFFFF for i in range(800) for j in range(600)):
        counts[f"#{pixel:06x}"] = counts.get(f"#{pixel:06x}", 0) + 1
    return {"errors": [error.message for error in job.errors()], "pixels": counts}


def edit(project, edits):
    """Do edits one after the other as a planner does whose map is in a CRS of its own; each layer is saved at once."""
    said = []
    for asked in edits:
        layer = project.mapLayer(asked["layer"])
        seen = QgsCoordinateReferenceSystem(asked["crs"]) if "crs" in asked else layer.crs()
        into = QgsCoordinateTransform(seen, layer.crs(), project)
        layer.startEditing()
        for values, wkt in asked.get("add", []):
            shape = QgsGeometry.fromWkt(wkt)
            shape.transform(into)
            fields = {layer.fields().indexOf(name): value for name, value in values.items()}
            layer.addFeature(QgsVectorLayerUtils.createFeature(layer, shape, fields))
        for where, values in asked.get("change", []):
            for feature in list(layer.getFeatures(where)):
                for name, value in values.items():
                    layer.changeAttributeValue(feature.id(), layer.fields().indexOf(name), value)
        for where, wkt in asked.get("move", []):
            shape = QgsGeometry.fromWkt(wkt)
            shape.transform(into)
            for feature in list(layer.getFeatures(where)):
                layer.changeGeometry(feature.id(), shape)
        for where in asked.get("delete", []):
            layer.deleteFeatures([feature.id() for feature in layer.getFeatures(where)])
        said.append([layer.commitChanges(), layer.commitErrors()])
    return said


def main(asked):
    """Do what is asked and say what was seen."""
    project, canvas = QgsProject.instance(), QgsMapCanvas()
    canvas.resize(800, 600)
    seen = {"version": Qgis.QGIS_VERSION, "read": project.read(asked["project"]), "error": project.error()}
    seen |= {"title": project.title(), "crs": project.crs().toProj(), "crs_name": project.crs().description()}
    seen |= {"scales": project.viewSettings().mapScales(), "window": canvas.extent().toString(0)}
    seen |= {"scale": canvas.scale(), **list_groups(project)}
    if "edit" in asked:
        seen["edit"] = edit(project, asked["edit"])
    layers = project.mapLayers()
    seen["layers"] = {name: describe(layer) for name, layer in layers.items() if isinstance(layer, QgsVectorLayer)}
    seen["valid"] = [name for name, layer in layers.items() if layer.isValid()]
    seen["maps"] = [draw(project, each) for each in asked.get("maps", [])]
    return seen


application = QgsApplication([], True)
application.initQgis()
print(json.dumps(main(json.loads(sys.argv[1])), default=str), flush=True)
os._exit(0)  # QGIS may fall over its own feet at exit
