"""What statements bind, use and fill, and what a change of one reaches.

`summary` reads one statement; `index` holds who uses what over all tracked modules. Nothing here
runs or writes.
"""

from .index import Index
from .reading import summarize

__all__ = ["Index", "summarize"]
