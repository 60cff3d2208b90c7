"""What the folders of images mean: the class of each, and which part of the data it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

__all__ = ["FolderMeaning", "read_folders"]

_PARTS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_ORDER = {name: place for place, name in enumerate(_PARTS)}
# Where parts lie in one folder, it has to hold so large a share of the images to be the data set.
_MOST = 0.5
# Images beside the classes, as a share of all, which do not make the folder of all a class.
_BESIDE = 0.1
_SHOWN = 3

Folder = tuple[str, ...]
Folders = Counter[Folder]


@dataclass(frozen=True)
class FolderMeaning:
    """What the folders say of images.

    Parameters
    ----------
    classes, parts : tuple of str or None
        Of each image; None where its folders say nothing.
    parted : bool
        Whether there are parts: train, val and test.
    notes : tuple of str
        What was left aside, and what is not clear.
    """

    classes: tuple[str | None, ...]
    parts: tuple[str | None, ...]
    parted: bool
    notes: tuple[str, ...]


def read_folders(split: Sequence[Sequence[str]]) -> FolderMeaning:
    """Tell classes and parts by folders, wherever below the top they begin.

    Parameters
    ----------
    split : sequence of sequences of str
        Of each image its folders, and its own name.

    Examples
    --------
    >>> names = ("pets/train/cat/1.png", "pets/test/dog/2.png", "docs/figure.png")
    >>> found = read_folders([name.split("/") for name in names])
    >>> found.classes, found.parts
    (('cat', 'dog', None), ('train', 'test', None))
    >>> print(*found.notes)
    1 image does not lie in pets/, where train/ and test/ are, and is left: docs/figure.png.
    """
    folders = Counter(tuple(steps[:-1]) for steps in split)
    top = _top(folders)
    levels = {folder[len(top)].lower() for folder in folders if _below(folder, top)}
    parted, notes = _are_parts(levels), list[str]()
    if not parted:
        homes = _homes(folders)
        inside = _count(folders, homes[0]) if len(homes) == 1 else 0
        if inside >= _MOST * len(split):
            top, parted = homes[0], True
        if not parted:
            notes += _unclear(homes, _homes(folders, classes=False))
    notes += _beside(split, folders, top, parted=parted)
    meanings = {folder: _meaning(folder, top, parted=parted) for folder in folders}
    classes, parts = zip(*(meanings[tuple(steps[:-1])] for steps in split), strict=True)
    loose = sum(
        count for folder, count in folders.items()
        if meanings[folder][0] is None and _is_at(folder, top)
    )  # fmt: skip
    if loose and loose < len(classes):
        where = "below train/, val/ and test/" if parted else "of a class"
        many = loose > 1
        are, they = ("images are", "they show") if many else ("image is", "it shows")
        notes.append(f"{loose:,} {are} in no folder {where}: nobody says what {they}.")
    return FolderMeaning(classes, parts, parted, tuple(notes))


def _is_at(folder: Folder, top: Folder) -> bool:
    return folder[: len(top)] == top


def _below(folder: Folder, top: Folder) -> bool:
    return len(folder) > len(top) and _is_at(folder, top)


def _count(folders: Folders, top: Folder) -> int:
    return sum(count for folder, count in folders.items() if _below(folder, top))


def _top(folders: Folders) -> Folder:
    """Give the folders that hold everything and say nothing; images beside them do not count."""
    top: Folder = ()
    while True:
        inner = {f[len(top) :]: count for f, count in folders.items() if _below(f, top)}
        heads = {folder[0] for folder in inner}
        if len(heads) != 1 or next(iter(heads)).lower() in _PARTS:
            return top
        loose = sum(count for folder, count in inner.items() if len(folder) == 1)
        classes = {folder[1] for folder in inner if len(folder) > 1}
        many = loose > _BESIDE * sum(inner.values())
        if not classes or (loose and (len(classes) < 2 or many)):
            return top
        top = (*top, *heads)


def _are_parts(levels: set[str]) -> bool:
    """Whether folders are parts of the data: all of them, or two parts and others beside them."""
    parts = {_PARTS[name] for name in levels if name in _PARTS}
    return bool(levels) and (levels <= set(_PARTS) or len(parts) > 1)


def _homes(folders: Folders, *, classes: bool = True) -> list[Folder]:
    """List the outermost folders in which two parts or more lie, with classes in them."""
    found = defaultdict[Folder, set[str]](set)
    for folder in folders:
        for depth, name in enumerate(folder[:-1] if classes else folder):
            if name.lower() in _PARTS:
                found[folder[:depth]].add(_PARTS[name.lower()])
    homes = sorted(home for home, parts in found.items() if len(parts) > 1)
    return [home for home in homes if not any(_below(home, other) for other in homes)]


def _unclear(homes: Sequence[Folder], bare: Sequence[Folder]) -> Iterator[str]:
    """Say where parts lie that are not taken for such: with classes in them, or with none."""
    found = homes or bare
    if found:
        shown = ", ".join(f"{'/'.join(home)}/" for home in found[:_SHOWN])
        shown += ", ..." if len(found) > _SHOWN else ""
        cure = "name the one folder to fit" if homes else "put the folders of the classes into them"
        yield (
            f"folders such as train/ and test/ lie in {shown}, and not in one folder with most "
            f"classes and images: they count for nothing, what is in test/ is learned from; {cure}."
        )


def _beside(
    split: Sequence[Sequence[str]], folders: Folders, top: Folder, *, parted: bool
) -> Iterator[str]:
    """Say what does not lie in the folder of all."""
    count = sum(count for folder, count in folders.items() if not _is_at(folder, top))
    if not count:
        return
    aside = ("/".join(steps) for steps in split if not _is_at(tuple(steps[:-1]), top))
    some = ", ".join(islice(aside, _SHOWN)) + (", ..." if count > _SHOWN else "")
    inner = {folder[len(top)] for folder in folders if _below(folder, top)}
    kept = sorted(
        (name for name in inner if name.lower() in _PARTS or not parted),
        key=lambda name: (_ORDER.get(name.lower(), 0), name),
    )[:_SHOWN]
    shown = [f"{name}/" for name in kept]
    where = " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
    home = f"{'/'.join(top)}/, where {where} are"
    if count > 1:
        yield f"{count:,} images do not lie in {home}, and are left: {some}."
    else:
        yield f"1 image does not lie in {home}, and is left: {some}."


def _meaning(folder: Folder, top: Folder, *, parted: bool) -> tuple[str | None, str | None]:
    """Give the class and the part of images by the folder that they are in."""
    inner = folder[len(top) :] if _below(folder, top) else ()
    if not parted:
        return (inner[0] if inner else None), None
    part = _PARTS.get(inner[0].lower()) if inner else None
    return (inner[1] if part and len(inner) > 1 else None), part
