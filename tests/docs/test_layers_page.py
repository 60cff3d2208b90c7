"""The page on layers shows each of them with its formula and its source."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from docs.layers_table import layers, sources, table
from docs.pages import ROOT

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

PAGE = (ROOT / "docs" / "guide" / "layers.md").read_text(encoding="utf-8")
MODULES = [
    (module, name, value)
    for module, name, value in layers()
    if inspect.isclass(value) and issubclass(value, torch.nn.Module)
]


def test_the_page_holds_the_table_of_all_layers() -> None:
    assert table() in PAGE, "renew it: python tests/docs/layers_table.py"


@pytest.mark.parametrize(("module", "name", "value"), MODULES, ids=lambda item: str(item)[-30:])
def test_a_layer_shows_its_formula_its_source_and_its_shapes(
    module: str, name: str, value: type[torch.nn.Module]
) -> None:
    text = inspect.getdoc(value) or ""
    assert sources(value, importlib.import_module(module)), f"{name} names no source"
    assert "``" in text, f"{name} shows no formula"
    forms = [form for form in ("forward", "written_out") if form in vars(value)]
    told = text + "".join(inspect.getdoc(vars(value)[form]) or "" for form in forms)
    assert re.search(r"\(n|\(\.\.\.|\(outputs|any shape|`\w+_step`", told), f"{name} tells no shape"
