"""How densely rows lie: mixtures and kernels, judged by rows that they have not seen."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from modelwright.core.errors import OptionError, did_you_mean
from modelwright.core.seed import Seed
from modelwright.core.table import Table
from modelwright.unsupervised.described import unusual_rows
from modelwright.unsupervised.findings import Candidate, Findings
from modelwright.unsupervised.kernel import Kernel, fit_kernel
from modelwright.unsupervised.marginal import curves_of
from modelwright.unsupervised.measured import measured
from modelwright.unsupervised.mixture import Mixture, fit_mixture
from modelwright.unsupervised.space import Rows, Space

__all__ = ["FAMILIES", "density"]

Floats = NDArray[np.float64]

FAMILIES = ("kernel", "mixture")
"""The families of densities."""

FOLDS = 5
CLOUDS = (1, 2, 3, 4, 5, 6, 8, 10)
# On so many rows candidates are compared.
_COMPARED = 1_500
# Of more rows a single one vouches for itself no more in a mixture.
_ALONE = 5_000
# Bandwidths around the rule of Scott (1992).
_WIDTHS = (0.15, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4)
_BLURS = (0.02, 0.1, 0.3)
_SHOWN = 12


@dataclass(frozen=True)
class _Way:
    """One candidate: how it is called, and how it is fitted."""

    name: str
    count: int
    fit: Callable[[Rows], Mixture | Kernel]


def density(
    table: Table, *, methods: Sequence[str] = (), count: int | None = None, seed: int = 0
) -> tuple[Space, Mixture | Kernel, Findings]:
    """Estimate how densely the rows of a table lie.

    Mixtures of 1 to 10 clouds, with and without numbers that go together in a cloud, and kernels
    of several bandwidths, round or in the shape of all rows, are fitted on four fifths of the rows
    and judged by the mean log density of the others, five times. The best is fitted on all rows.

    Parameters
    ----------
    table : Table
        Rows.
    methods : sequence of str
        Some of `FAMILIES`; both when left out.
    count : int, optional
        How many clouds a mixture has; None finds out.
    seed : int
        The only source of randomness.

    Returns
    -------
    space : Space
        How rows are measured.
    fitted : Mixture or Kernel
        The density.
    findings : Findings
        The evidence.

    Raises
    ------
    DataError
        When there are fewer than 10 rows, or no column that can be measured.
    OptionError
        When a family is unknown, or there are too few rows for the clouds.
    """
    for name in methods:
        if name not in FAMILIES:
            raise OptionError("a family of densities", repr(name), did_you_mean(name, FAMILIES))
    if count is not None and count < 1:
        raise OptionError("1 cloud or more", str(count))
    space, rows, notes = measured(table)
    root = Seed(seed)
    rng = np.random.default_rng(root.derive("density", "rows"))
    some = np.arange(len(rows))
    if len(rows) > _COMPARED:
        some = np.sort(rng.choice(len(rows), _COMPARED, replace=False))
    sample = rows.take(some)
    ways = list(_ways(sample, space, methods or FAMILIES, count, root.derive("density")))
    if not ways:
        raise OptionError(
            "columns and rows for the densities asked for",
            f"{len(rows):,} rows, {len(space.numbers)} columns of numbers",
            "mixtures need numbers, and rows for each cloud; name another family with --models",
        )
    part = rng.permutation(len(sample)) % min(FOLDS, len(sample))
    scores = np.array([_held_out(way, sample, part) for way in ways])
    scores += space.jacobian(table)[some]
    means = scores.mean(axis=1)
    order = np.argsort(-means, kind="stable")
    best = ways[order[0]]
    told = [_candidate(ways[i], scores[i], scores[order[0]]) for i in order]
    fitted = best.fit(rows)
    findings = _findings(table, space, rows, fitted, best, root.derive("density", "unusual"))
    found = replace(findings, why=_why(told), candidates=_shortened(told), notes=notes)
    return space, fitted, found


def _ways(
    rows: Rows, space: Space, families: Sequence[str], count: int | None, seed: int
) -> Iterator[_Way]:
    """List the candidates."""
    size, most = len(space.numbers), len(rows) * (FOLDS - 1) // FOLDS
    if "mixture" in families and size:
        for k, full in product(CLOUDS if count is None else (count,), (True, False)):
            each = size * (size + 3) // 2 if full else 2 * size
            if k * each <= most and k <= most // 3 and (full or size > 1):
                yield _Way(_mixed(k, full), k, _mixture(space.sizes, k, full, seed))
    if "kernel" in families:
        scott = len(rows) ** (-1 / (size + 4))
        widths = [round(scott * width, 4) for width in _WIDTHS] if size else [1.0]
        blurs = _BLURS if space.sizes else (0.1,)
        for width, blur, turned in product(widths, blurs, (False, True)):
            if size > 1 or not turned:
                name = _kernel_name(width if size else None, blur if space.sizes else None, turned)
                yield _Way(name, 0, _kernel(space.sizes, width, blur, turned, seed))


def _mixed(count: int, full: bool) -> str:
    clouds = "cloud" if count == 1 else "clouds"
    return f"mixture of {count} {clouds}{'' if full else ', numbers apart'}"


def _kernel_name(width: float | None, blur: float | None, turned: bool) -> str:
    told = ["kernel"]
    told += [] if width is None else [f"bandwidth {width:.3g}"]
    told += [] if blur is None else [f"levels {blur:g}"]
    return ", ".join([*told, *(["in the shape of all rows"] if turned else [])])


def _mixture(
    sizes: tuple[int, ...], count: int, full: bool, seed: int
) -> Callable[[Rows], Mixture]:
    return lambda rows: fit_mixture(rows, sizes, count, seed=seed, full=full, starts=1)


def _kernel(
    sizes: tuple[int, ...], width: float, blur: float, turned: bool, seed: int
) -> Callable[[Rows], Kernel]:
    return lambda rows: fit_kernel(rows, sizes, width, blur, turned=turned, seed=seed)


def _held_out(way: _Way, rows: Rows, part: NDArray[np.int64]) -> Floats:
    """Give the log density of each row by what has not seen it."""
    logs = np.empty(len(rows))
    for fold in range(int(part.max()) + 1):
        mine = np.flatnonzero(part == fold)
        logs[mine] = way.fit(rows.take(np.flatnonzero(part != fold))).log_density(rows.take(mine))
    return logs


def _candidate(way: _Way, scores: Floats, best: Floats) -> Candidate:
    apart = scores - best
    error = float(apart.std() / math.sqrt(len(apart)))
    return Candidate(way.name, way.count, float(scores.mean()), error)


def _shortened(told: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """Keep the best ones, the best of each number of clouds, and one cloud for comparison."""
    kept, seen = [], set()
    for place, one in enumerate(told):
        family = (one.count, one.count == 0)
        if place < _SHOWN // 2 or family not in seen or one.name.startswith("mixture of 1 cloud"):
            kept.append(one)
        seen.add(family)
    return tuple(kept)


def _why(told: Sequence[Candidate]) -> str:
    best = told[0]
    one = next((c for c in told if c.name == _mixed(1, True)), None)
    start = f"{best.name}: mean log density {best.score:.3f} on rows that it has not seen"
    if one is None or one is best:
        return f"{start}; one normal cloud is best" if one is best else start
    ahead = best.score - one.score
    sure = "" if ahead > 2 * one.error else ", which may be chance"
    return f"{start}, {ahead:.3f} (± {2 * one.error:.3f}) more than one normal cloud{sure}"


def _findings(
    table: Table, space: Space, rows: Rows, fitted: Mixture | Kernel, way: _Way, seed: int
) -> Findings:
    part = np.random.default_rng(seed).permutation(len(rows)) % min(FOLDS, len(rows))
    # a row may not vouch for itself; that of a kernel does, however many there are
    alone = len(rows) <= _ALONE or isinstance(fitted, Kernel)
    logs = _held_out(way, rows, part) if alone else fitted.log_density(rows)
    logs = logs + space.jacobian(table)
    return Findings(
        "",
        unusual=unusual_rows(table, space, rows, -logs, logs),
        curves=curves_of(table, space, rows, fitted),
        usual=np.percentile(logs, np.arange(101.0)),
    )
