"""The shapes people write. Importing this folder fills ``maker.SHAPES``."""

from . import classes, functions, registries, state, values, wrappers

__all__ = ["classes", "functions", "registries", "state", "values", "wrappers"]
