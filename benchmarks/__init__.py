"""What reloading costs, beside other reloaders and a restart: ``python -m benchmarks``.

A *row* is a line of the table of figures to reach. A *session* is a subprocess with an IPython
shell, one tool and a synthetic project of its own; it is told over a pipe what to do. The sessions
of a row live at the same time and take turns, an edit or a cell each, so that whatever else the
machine does falls on all of them alike. What is timed is what a tool does around a cell (IPython's
events), while real cells run; a shell without any tool is in every row and is subtracted.
"""
