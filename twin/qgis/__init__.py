"""What QGIS is told of the layers: how they look, what they are called, how their forms are filled in."""
