"""Conflicts of pipelines with one another, with buildings and the ground above, as a layer with a history."""
