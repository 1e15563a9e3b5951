"""The differential property test: random packages, random edits, and a fresh process as the judge.

A *world* is a generated package; an *edit* makes the next world of it. A session imports the first
world, reloads after every edit, and is compared each time with a process that has just been started
on the same files. What goes wrong is cut down to the smallest package and edit that still shows it.

    python -m tests.differential --edits 2000 --seed 1

``world`` and ``shapes`` are the grammar, ``generate``, ``edits`` and ``breakage`` the dice,
``describe`` the canonical form that both sides are compared in, ``provenance`` the independent answer
to "which values can this edit not reach", ``driver`` the processes, ``minimize`` the knife.
"""
