"""The commands of the core, one module a subject; loaded when called."""
