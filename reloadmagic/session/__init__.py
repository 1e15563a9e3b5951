"""The parts of a `Reloader`: what it knows of a session, and each step of a reload.

``tracking``
    the modules of the session that are the user's, and their files.
``importing``
    answers the import system: what is imported is tracked from then on.
``namespaces``
    the user's own names, and where they were imported from.
``edits``
    the changes that wait.
``planning``
    keeps the index in step with what last ran, with ``answers`` about live classes, and plans by it.
``inherited``
    what methods of libraries call of the classes that have them.
``attempts``
    what failed, and when it is tried again.
``updating``
    carries a plan out and settles what is known of the files.
``reloads``
    the ways to reload, which go through the last four.
``workshop``
    holds these, which are imported and made when there is something to reload.
"""
