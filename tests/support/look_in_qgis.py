"""Runs in the system's Python: opens the layers of a twin as a planner does, looks, edits and draws; see tests_qgis."""

import json
import os
import sys

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsDataSourceUri,
    QgsExpressionContext,
    QgsExpressionContextUtils,
    QgsFeatureRequest,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProviderRegistry,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerUtils,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor


def open_database(connection, schema):
    """Every layer that the browser lists in a schema, by what it hands on: table, geometry column and type."""
    postgres = QgsProviderRegistry.instance().providerMetadata("postgres").createConnection(connection, {})
    for table in postgres.tables(schema):
        for of in table.geometryColumnTypes():
            uri = QgsDataSourceUri(connection)
            uri.setDataSource(schema, table.tableName(), table.geometryColumn())
            uri.setWkbType(of.wkbType)
            yield table.tableName(), QgsVectorLayer(uri.uri(False), table.tableName(), "postgres")


def open_file(path):
    """Every layer of a GeoPackage."""
    listed = QgsProviderRegistry.instance().providerMetadata("ogr").querySublayers(path)
    for sublayer in listed:
        if sublayer.wkbType() != QgsWkbTypes.NoGeometry:
            yield sublayer.name(), QgsVectorLayer(f"{path}|layername={sublayer.name()}", sublayer.name(), "ogr")


def describe(layer):
    """What QGIS makes of a layer."""
    fields, renderer = layer.fields(), layer.renderer()
    widgets = {field.name(): layer.editorWidgetSetup(i) for i, field in enumerate(fields)}
    columns = layer.attributeTableConfig().columns()
    labels = layer.labeling().settings() if layer.labelsEnabled() else None
    categories = getattr(renderer, "categories", list)()
    painted = [(c.value(), c.label(), c.symbol().symbolLayers()[-1].color().name()) for c in categories]
    related, _, styles, *_ = layer.listStylesInDatabase()
    feature = next(layer.getFeatures(QgsFeatureRequest().setLimit(1)), None)
    return {
        "valid": layer.isValid(),
        "count": layer.featureCount(),
        "key": [fields[i].name() for i in layer.primaryKeyAttributes()],
        "type": QgsWkbTypes.displayString(layer.wkbType()),
        "proj": layer.crs().toProj(),
        "comment": layer.dataProvider().dataComment(),
        "editable": bool(layer.dataProvider().capabilities() & layer.dataProvider().ChangeAttributeValues),
        "aliases": {field.name(): field.alias() for field in fields},
        "codes": {name: w.config()["map"] for name, w in widgets.items() if w.type() == "ValueMap"},
        "ranges": {name: w.config() for name, w in widgets.items() if w.type() == "Range"},
        "hidden": [name for name, w in widgets.items() if w.type() == "Hidden"],
        "columns": [column.name for column in columns if not column.hidden],
        "by": getattr(renderer, "classAttribute", str)(),
        "categories": painted,
        "label": labels and labels.fieldName,
        "font": labels and labels.format().font().family(),
        "from_scale": layer.minimumScale() if layer.hasScaleBasedVisibility() else None,
        "title": feature and QgsVectorLayerUtils.getFeatureDisplayString(layer, feature),
        "tip": layer.mapTipTemplate(),
        "styles": styles[:related],
    }


def draw(layers, center, scale, path):
    """Draw a map of 800 by 600 pixels on a screen of 96 dots per inch; returns how many pixels have which colour."""
    settings = QgsMapSettings()
    settings.setLayers(layers)
    settings.setDestinationCrs(layers[0].crs())
    settings.setOutputSize(QSize(800, 600))
    settings.setOutputDpi(96)
    settings.setBackgroundColor(QColor(Qt.white))
    across, up = (pixels * 0.0254 / 96 * scale / 2 for pixels in (800, 600))
    x, y = center
    settings.setExtent(QgsRectangle(x - across, y - up, x + across, y + up))
    context = QgsExpressionContext()  # as the window of QGIS gives it, so that expressions know the scale
    context.appendScope(QgsExpressionContextUtils.mapSettingsScope(settings))
    settings.setExpressionContext(context)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    counts = {}
    for pixel in (image.pixel(i, j) & 0xFFFFFF for i in range(800) for j in range(600)):
        counts[f"#{pixel:06x}"] = counts.get(f"#{pixel:06x}", 0) + 1
    return {"errors": [error.message for error in job.errors()], "pixels": counts}


def edit(layer, key):
    """Add a feature as the form does, then change one, then delete one; each is saved by itself."""
    said = []

    def save():
        said.append([layer.commitChanges(), layer.commitErrors()])

    of = layer.fields().indexOf(key)
    first, second = list(layer.getFeatures(QgsFeatureRequest().setLimit(2)))
    layer.startEditing()
    new = QgsVectorLayerUtils.createFeature(layer, first.geometry(), {of: "drawn-in-qgis"})
    layer.addFeature(new)
    save()
    layer.startEditing()
    layer.changeAttributeValue(first.id(), layer.fields().indexOf("name"), "改名")
    save()
    layer.startEditing()
    layer.deleteFeature(second.id())
    save()
    return {"saved": said, "changed": first[key], "deleted": second[key]}


def save_style(layer, name):
    """Save the style of a layer as a planner does who wants it for everybody, and draw it with one symbol."""
    layer.setRenderer(layer.renderer().defaultRenderer(layer.geometryType()))
    return layer.saveStyleToDatabase(name, "", True, "")  # what went wrong


def main(asked):
    """Do what is asked and say what was seen."""
    opened = open_database(asked["connection"], asked["schema"]) if "schema" in asked else open_file(asked["file"])
    opened = list(opened)
    seen = {"version": Qgis.QGIS_VERSION, "layers": {}}
    for name, layer in opened:
        seen["layers"].setdefault(name, []).append(describe(layer))
    layers = dict(opened)
    if "draw" in asked:
        seen["map"] = draw([layers[name] for name in asked["draw"]], asked["center"], asked["scale"], asked["picture"])
    if "edit" in asked:
        seen["edit"] = edit(layers[asked["edit"]], asked["key"])
    if "save" in asked:
        seen["save"] = save_style(layers[asked["save"]], asked["name"])
    return seen


application = QgsApplication([], False)
application.initQgis()
print(json.dumps(main(json.loads(sys.argv[1])), default=str), flush=True)
os._exit(0)  # QGIS may fall over its own feet at exit
