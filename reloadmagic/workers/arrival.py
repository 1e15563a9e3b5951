"""Run, not imported, on a dask worker that joins, which is the global ``worker``: see `dask`."""

from reloadmagic.workers.receiver import greet

greet(globals()["worker"].plugins["reloadmagic"].payload)
