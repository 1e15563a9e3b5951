"""Classes built from their annotations, by the standard library, attrs and pydantic."""

from __future__ import annotations

import copy
import pickle

import pytest

DC = "from dataclasses import *\n"
NT = "from typing import *\nimport collections\n"
AT = "import attrs\n"
# before, after, how `a` is made before, what must hold for it; `A` is the class from before.
IN_PLACE = [
    (
        DC + "@dataclass\nclass A:\n x: int = 1",
        DC + "@dataclass\nclass A:\n x: int = 1\n y: int = 2",
        "A(5)",
        "repr(a).endswith('A(x=5, y=2)') and a == A(5)",
    ),
    (
        DC + "@dataclass\nclass A:\n x: int\n y: int = 0",
        DC + "@dataclass\nclass A:\n x: int",
        "A(5)",
        "repr(a).endswith('A(x=5)') and len(fields(A)) == 1",
    ),
    (
        DC + "class A: x: int = 1",
        DC + "@dataclass\nclass A:\n x: int = 1",
        "A()",
        "A(5).x == 5 and a == A(1)",
    ),
    (
        DC + "@dataclass\nclass A:\n x: int",
        DC + "@dataclass(frozen=True)\nclass A:\n x: int",
        "A(5)",
        "hash(a) == hash(A(5))",
    ),
    (
        DC + "@dataclass(frozen=True)\nclass A:\n x: int",
        DC + "@dataclass(frozen=True)\nclass A:\n x: int\n def m(self): return 2",
        "A(5)",
        "a.m() == 2 and replace(a, x=6).x == 6",
    ),
    (
        DC + "@dataclass(slots=True)\nclass A:\n x: int",
        DC + "@dataclass(slots=True)\nclass A:\n x: int\n def m(self): return 2",
        "A(5)",
        "a.m() == 2 and a.x == 5",
    ),
    (
        DC + "@dataclass\nclass A:\n x: int\n def __post_init__(s): s.z = 1",
        DC + "@dataclass\nclass A:\n x: int\n def __post_init__(s): s.z = 2",
        "A(5)",
        "A(5).z == 2",
    ),
    (
        DC + "@dataclass(order=True)\nclass A:\n x: int",
        DC
        + "@dataclass(order=True)\nclass A:\n y: int = field(default=0, compare=False)\n x: int = 0",
        "A(5)",
        "a > A(0, 4)",
    ),
    (
        NT + "class A(NamedTuple):\n x: int",
        NT + "class A(NamedTuple):\n x: int\n def m(self): return self.x",
        "A(5)",
        "a.m() == 5",
    ),
    (
        NT + "class A(NamedTuple):\n x: int",
        NT + "class A(NamedTuple):\n x: int\n y: int = 2",
        "A(5)",
        "A(1).y == 2 and a.x == 5 and A._fields == ('x', 'y')",
    ),
    (
        NT + "A = collections.namedtuple('A', 'x')",
        NT + "A = collections.namedtuple('A', 'x y', defaults=[2])",
        "A(5)",
        "A(1).y == 2",
    ),
    (
        NT + "class A(collections.namedtuple('A', 'x')): ...",
        NT + "class A(collections.namedtuple('A', 'x')):\n def m(self): return 2",
        "A(5)",
        "a.m() == 2",
    ),
    (
        NT + "class A(TypedDict):\n x: int",
        NT + "class A(TypedDict):\n x: int\n y: str",
        "A(x=1)",
        "A.__required_keys__ == {'x', 'y'}",
    ),
    (
        AT + "@attrs.define\nclass A:\n x: int",
        AT + "@attrs.define\nclass A:\n x: int\n def m(self): return self.x",
        "A(5)",
        "a.m() == 5 and a == A(5)",
    ),
    (
        AT + "@attrs.define\nclass A:\n x: int",
        AT + "@attrs.define\nclass A:\n x: int\n def m(self): return __class__",
        "A(5)",
        "a.m() is A",
    ),
    (
        AT + "@attrs.frozen\nclass A:\n x: int",
        AT + "@attrs.frozen\nclass A:\n x: int\n def m(self): return 2",
        "A(5)",
        "a.m() == 2",
    ),
]


@pytest.mark.parametrize(("before", "after", "make", "holds"), IN_PLACE)
def test_class_is_edited_in_place(module, passes, before, after, make, holds):
    mod = module(before)
    A = mod.A
    a = eval(make, vars(mod._module))
    mod.edit(after)
    assert mod.A is A
    assert eval(holds, vars(mod._module) | {"a": a, "A": A})
    assert A not in A.__mro__[1].__subclasses__()[:-1]
    assert passes == []
    assert mod.leftovers == []


FILLED = [
    (
        AT + "@attrs.define(slots=False)\nclass A:\n x: int",
        AT + "@attrs.define(slots=False)\nclass A:\n x: int\n y: int = 2",
        "A(5)",
        "a == A(5)",
    ),
    (
        DC + "@dataclass\nclass A:\n x: int",
        DC + "@dataclass\nclass A:\n x: int\n y: list = field(default_factory=list)",
        "A(5)",
        "a == A(5)",
    ),
    (
        DC + "from typing import ClassVar\n@dataclass\nclass A:\n x: int",
        DC + "from typing import ClassVar\n@dataclass\nclass A:\n x: int\n n: ClassVar[int] = 3\n"
        " i: InitVar[int] = 4\n y: list = field(default_factory=list)",
        "A(5)",
        "vars(a) == {'x': 5, 'y': []}",
    ),
    (
        "from pydantic import *\nclass A(BaseModel):\n x: int",
        "from pydantic import *\nclass A(BaseModel):\n x: int\n y: str = 'y'",
        "A(x=5)",
        "a.y == 'y' and a.model_fields_set == {'x'}",
    ),
]


@pytest.mark.parametrize(("before", "after", "make", "holds"), FILLED)
def test_instance_gets_the_default_of_a_field_that_was_added(
    module, passes, before, after, make, holds
):
    mod = module(before)
    a = eval(make, vars(mod._module))
    mod.edit(after)
    assert type(a) is mod.A
    assert eval(holds, vars(mod._module) | {"a": a})
    assert len(passes) == 1


REPLACED = [
    (
        DC + "@dataclass(slots=True)\nclass A:\n x: int",
        DC
        + "@dataclass(slots=True)\nclass A:\n x: int\n y: int = 2\n z: list = field(default_factory=list)",
        "A(5)",
        "(a.x, a.y, a.z) == (5, 2, [])",
    ),
    (
        DC + "@dataclass\nclass A:\n x: int",
        DC + "@dataclass(slots=True)\nclass A:\n x: int",
        "A(5)",
        "a == A(5)",
    ),
    (
        DC + "@dataclass(slots=True)\nclass A:\n x: int",
        DC + "@dataclass\nclass A:\n x: int",
        "A(5)",
        "a == A(5)",
    ),
    (
        AT + "@attrs.define\nclass A:\n x: int",
        AT + "@attrs.define\nclass A:\n x: int\n y: int = 2\n z: list = attrs.field(factory=list)",
        "A(5)",
        "a == A(5)",
    ),
]


@pytest.mark.parametrize(("before", "after", "make", "holds"), REPLACED)
def test_class_with_other_slots_is_replaced_and_fields_get_their_defaults(
    module, before, after, make, holds
):
    mod = module(before)
    held = [eval(make, vars(mod._module))]
    mod.edit(after)
    assert type(held[0]) is mod.A
    assert eval(holds, vars(mod._module) | {"a": held[0]})
    assert pickle.loads(pickle.dumps(held[0])) == held[0]
    assert copy.copy(held[0]) == held[0]


ITEM = (
    "from pydantic import *\nclass Item(BaseModel):\n sku: str\n qty: int = 1\n"
    " @field_validator('qty')\n @classmethod\n def positive(cls, v):\n"
    "  assert cls is Item\n  if v < 1: raise ValueError('{0}')\n  return v\n"
)


def test_pydantic_model_accepts_instances_from_before(module):
    pytest.importorskip("pydantic")
    orders = "class Order(BaseModel):\n items: list[Item]\n"
    mod = module(ITEM.format("one") + orders)
    Item, old, order = mod.Item, mod.Item(sku="a", qty=2), mod.Order(items=[])
    mod.edit(ITEM.format("two") + " note: str = ''\n def label(self): return self.sku\n")
    assert mod.Item is Item
    assert old.label() == "a"
    assert mod.Order(items=[old, Item(sku="b")]).items[0] is old
    assert mod.Order.model_validate({"items": [{"sku": "c", "note": "n"}]}).items[0].note == "n"
    assert type(mod.Order.model_validate({"items": [{"sku": "c"}]}).items[0]) is Item
    with pytest.raises(ValueError, match="two"):
        Item(sku="a", qty=0)
    with pytest.raises(ValueError, match="two"):
        mod.Order.model_validate({"items": [{"sku": "c", "qty": 0}]})
    assert Item.model_json_schema()["properties"].keys() == {"sku", "qty", "note"}
    assert old.model_dump(exclude_unset=True) == {"sku": "a", "qty": 2}
    assert old.note == ""
    assert pickle.loads(pickle.dumps(order)) == order
    assert mod.leftovers == []


def test_pydantic_model_that_refers_to_itself(module):
    pytest.importorskip("pydantic")
    source = "from pydantic import *\nclass Node(BaseModel):\n children: list['Node'] = []\n"
    mod = module(source)
    Node, old = mod.Node, mod.Node(children=[mod.Node()])
    mod.edit(source + " name: str = 'n'\n")
    assert mod.Node is Node
    tree = Node(children=[old, {"name": "x"}])
    assert tree.children[0] is old
    assert type(tree.children[1]) is Node
    assert Node.model_fields["children"].annotation == list[Node]


def test_rolled_back_pydantic_model_validates_as_before(module):
    pytest.importorskip("pydantic")
    mod = module(ITEM.format("one"))
    mod.edit(ITEM.format("two") + " note: str\n", commit=False).rollback()
    assert mod.Item(sku="a").model_dump() == {"sku": "a", "qty": 1}
    with pytest.raises(ValueError, match="one"):
        mod.Item(sku="a", qty=0)


def test_generic_pydantic_model_is_made_again_for_its_arguments_too(module):
    pytest.importorskip("pydantic")
    source = (
        "from typing import *\nfrom pydantic import *\nT = TypeVar('T')\n"
        "class Page(BaseModel, Generic[T]):\n data: T\n"
    )
    below = "class Numbers(Page[int]): pass\n"
    mod = module(source + below)
    Ints, old, numbers = mod.Page[int], mod.Page[int](data=1), mod.Numbers(data=2)
    mod.edit(source + " size: int = 3\n def get(self): return self.data\n" + below)
    assert mod.Page[int] is Ints
    assert Ints(data=1).model_dump() == {"data": 1, "size": 3}
    assert mod.Numbers(data=1).size == 3
    assert (old.get(), numbers.get()) == (1, 2)
    with pytest.raises(ValueError, match="valid integer"):
        mod.Page[int](data="x")


def test_type_adapters_validate_by_the_edited_model(module):
    pydantic = pytest.importorskip("pydantic")
    below = "class Order(BaseModel):\n items: list[Item]\n"
    mod = module(ITEM.format("one") + below)
    adapters = [pydantic.TypeAdapter(dict[str, mod.Item]), pydantic.TypeAdapter(mod.Order)]
    transaction = mod.edit(ITEM.format("two") + " note: str = 'n'\n" + below, commit=False)
    assert adapters[0].validate_python({"a": {"sku": "b"}})["a"].note == "n"
    assert adapters[1].validate_python({"items": [{"sku": "b"}]}).items[0].note == "n"
    transaction.rollback()
    assert not hasattr(adapters[0].validate_python({"a": {"sku": "b"}})["a"], "note")
