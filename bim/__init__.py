"""Building models: IFC in, georeferenced features of the county out."""
