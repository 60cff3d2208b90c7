"""The package, and small bad packages for the guards to bite."""

from __future__ import annotations

from pathlib import Path

SRC = Path(__file__).parents[2] / "src" / "modelwright"


def make_package(folder: Path, files: dict[str, str]) -> Path:
    """Write a package of these files into a folder."""
    package = folder / "modelwright"
    for name, code in files.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code + "\n", encoding="utf-8")
    return package
