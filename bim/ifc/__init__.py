"""IFC files read into models."""
