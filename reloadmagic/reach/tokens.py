"""What the rooms call the things that they tell each other about: code, names, changes."""

from __future__ import annotations

from typing import Any

__all__ = ["Entity", "StatementId", "Target", "Token", "User", "ValueId", "said_of"]

User = tuple[str, str, Any]
"""A piece of code:

``(module, "s", index)``              what runs with a statement
``(module, "f", qualname)``           a function's body
``(module, "l", index)``              the lambdas that a statement leaves behind
``(module, "v", (index, qualname))``  a value in a class body
"""

Entity = tuple[str, str]
"""What a name stands for: module and name."""

StatementId = tuple[str, int]
"""Module and position."""

ValueId = tuple[str, int, str]
"""A value in a class body: module, position of the statement, qualname."""

Token = tuple[str, ...]
"""What an edit changes, as far as others can use it:

``("bind", module, name)``         the name is bound to another value
``("content", module, name)``      the object of that name holds other content
``("grown", module, name)``        the dict of that name holds more than before, and what it held
``("code", module, qualname)``     a function runs other code or has other defaults
``("attr", module, class, name)``  a class has another value under that name
``("shape", module, class)``       a class has other names, fields or members
``("made", module, class)``        what makes its instances reads other values or names of a class
``("head", module, class)``        a class has other bases, keywords or decorators
``("layout", module, class)``      a class has other slots, and with it those derived from it
"""

Target = tuple[str, str, str]
"""A filled object: module, name, and the class attribute if it is one (else ``""``)."""


def said_of(target: Target) -> tuple[Token, ...]:
    """What a change may say of a filled object."""
    module, name, attr = target
    if attr:
        return (("attr", module, name, attr),)
    return ("content", module, name), ("bind", module, name)
