"""What the folders of images mean: the class of each, and which part of the data it belongs to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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

Steps = Sequence[str]


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


def read_folders(split: Sequence[Steps]) -> FolderMeaning:
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
    1 images do not lie in pets/, where train/ and test/ are, and are left: docs/figure.png.
    """
    top = _top(split)
    levels = {steps[len(top)].lower() for steps in split if _below(steps, top)}
    parted, notes = _are_parts(levels), list[str]()
    if not parted:
        homes = _homes(split)
        inside = sum(_below(steps, homes[0]) for steps in split) if len(homes) == 1 else 0
        if inside >= _MOST * len(split):
            top, parted = homes[0], True
        if not parted:
            notes += _unclear(homes, _homes(split, classes=False))
    notes += _beside(split, top, parted=parted)
    meant = [_meaning(steps, top, parted=parted) for steps in split]
    classes, parts = zip(*meant, strict=True)
    loose = sum(
        name is None and _is_at(steps, top) for name, steps in zip(classes, split, strict=True)
    )
    if loose and loose < len(classes):
        where = "below train/, val/ and test/" if parted else "of a class"
        notes.append(f"{loose:,} images are in no folder {where}: nobody says what they show.")
    return FolderMeaning(classes, parts, parted, tuple(notes))


def _is_at(steps: Steps, top: Steps) -> bool:
    return tuple(steps[: len(top)]) == tuple(top)


def _below(steps: Steps, top: Steps) -> bool:
    """Whether an image lies in a folder of `top`."""
    return len(steps) > len(top) + 1 and _is_at(steps, top)


def _top(split: Sequence[Steps]) -> tuple[str, ...]:
    """Give the folders that hold everything and say nothing; images beside them do not count."""
    top: tuple[str, ...] = ()
    while True:
        inner = [steps[len(top) :] for steps in split if _below(steps, top)]
        heads = {steps[0] for steps in inner}
        if len(heads) != 1 or next(iter(heads)).lower() in _PARTS:
            return top
        loose = sum(len(steps) == 2 for steps in inner)
        classes = {steps[1] for steps in inner if len(steps) > 2}
        if not classes or (loose and (len(classes) < 2 or loose > _BESIDE * len(inner))):
            return top
        top = (*top, *heads)


def _are_parts(levels: set[str]) -> bool:
    """Whether folders are parts of the data: all of them, or two parts and others beside them."""
    parts = {_PARTS[name] for name in levels if name in _PARTS}
    return bool(levels) and (levels <= set(_PARTS) or len(parts) > 1)


def _homes(split: Sequence[Steps], *, classes: bool = True) -> list[tuple[str, ...]]:
    """List the outermost folders in which two parts or more lie, with classes in them."""
    found = defaultdict[tuple[str, ...], set[str]](set)
    for steps in split:
        for depth, name in enumerate(steps[: -2 if classes else -1]):
            if name.lower() in _PARTS:
                found[tuple(steps[:depth])].add(_PARTS[name.lower()])
    homes = sorted(home for home, parts in found.items() if len(parts) > 1)
    return [home for home in homes if not any(_is_at(home, o) for o in homes if o != home)]


def _unclear(homes: Sequence[tuple[str, ...]], bare: Sequence[tuple[str, ...]]) -> Iterator[str]:
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


def _beside(split: Sequence[Steps], top: tuple[str, ...], *, parted: bool) -> Iterator[str]:
    """Say what does not lie in the folder of all."""
    others = ["/".join(steps) for steps in split if not _is_at(steps, top)]
    if others:
        inner = Counter(steps[len(top)] for steps in split if _below(steps, top))
        found = sorted(
            (name for name in inner if name.lower() in _PARTS or not parted),
            key=lambda name: (_ORDER.get(name.lower(), 0), -inner[name], name),
        )
        shown = [f"{name}/" for name in found[:_SHOWN]]
        where = " and ".join([", ".join(shown[:-1]), shown[-1]] if shown[1:] else shown)
        some = ", ".join(others[:_SHOWN]) + (", ..." if len(others) > _SHOWN else "")
        yield (
            f"{len(others):,} images do not lie in {'/'.join(top)}/, where {where} are, and are "
            f"left: {some}."
        )


def _meaning(steps: Steps, top: Steps, *, parted: bool) -> tuple[str | None, str | None]:
    """Give the class and the part of an image by the folders that it is in."""
    folders = steps[len(top) : -1] if _below(steps, top) else ()
    if not parted:
        return (folders[0] if folders else None), None
    part = _PARTS.get(folders[0].lower()) if folders else None
    return (folders[1] if part and len(folders) > 1 else None), part
