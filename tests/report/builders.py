"""Models with made-up evidence that looks like the real thing."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from modelwright.core.evidence import Attribution, Dependence, Evidence, Importance, Profile
from modelwright.core.result import Card, Leaderboard, Standing
from modelwright.core.schema import Column, Kind, Role, Schema
from modelwright.core.task import Task, TaskKind
from modelwright.evaluate import Temperature, default_metric, find_metric
from modelwright.model import Member, Model, Part

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; --x: red; </style><b>",
    "]]></svg><script>1</script>",
    "\u202eright to left\u202c مرحبا بالعالم",
    "a\x00b\x1b[31m\ud800",
    "tab\tnew\nline & &amp; `${x}`",
    "名前" * 60,
    "x" * 3000,
)
_DAY = 86_400.0


def columns(count: int, names: tuple[str, ...] = ()) -> list[Column]:
    """Give columns of every kind in turn, and one that is left out."""
    kinds = [Kind.NUMBER, Kind.CATEGORY, Kind.DATETIME, Kind.BOOLEAN, Kind.NUMBER, Kind.TEXT]
    made = []
    for i in range(count):
        kind = kinds[i % len(kinds)]
        made.append(Column(names[i] if i < len(names) else f"{kind.value} {i}", kind))
    return [*made, Column("row id", Kind.ID, Role.IGNORED, evidence="a different value per row")]


def profile(column: Column, rows: int, rng: np.random.Generator) -> Profile:
    """Give a column at a glance."""
    missing = float(rng.choice([0.0, 0.0, 0.013, 0.31]))
    told = (column.name, column.kind.value, column.role.value, column.evidence, missing)
    if column.kind in (Kind.TEXT, Kind.ID):
        return Profile(*told, distinct=rows)
    if column.kind is Kind.CATEGORY:
        levels = tuple(f"level {chr(65 + i)}" for i in range(7))
        counts = tuple(int(rows / 2**i / 2) for i in range(1, 8))
        return Profile(*told, distinct=12, levels=levels, counts=counts)
    if column.kind is Kind.BOOLEAN:
        quantiles = (0.0,) * 15 + (1.0,) * 6
        return Profile(
            *told, 2, quantiles, (0.0, 0.5, 1.0), counts=(rows * 7 // 10, rows * 3 // 10)
        )
    values = rng.gamma(2.0, 20.0, 2000)
    if column.kind is Kind.DATETIME:
        values = 1.4e9 + rng.random(2000) * 1500 * _DAY
    counts, edges = np.histogram(values, 20)
    quantiles = tuple(np.quantile(values, np.linspace(0, 1, 21)).tolist())
    return Profile(
        *told, rows, quantiles, tuple(edges.tolist()), counts=tuple(int(c) for c in counts)
    )


def dependence(p: Profile, outputs: int, rng: np.random.Generator) -> Dependence | None:
    """Give a curve or a few levels."""
    at: tuple[Any, ...] = p.levels or (
        (0.0, 1.0) if p.kind == "boolean" else tuple(dict.fromkeys(p.quantiles[1:-1]))
    )
    if not at:
        return None
    slope = np.linspace(-1, 1, len(at)) * rng.normal()
    if outputs == 1:
        means = 150 + 20 * slope[:, None]
    else:
        raw = np.exp(slope[:, None] * np.arange(outputs))
        means = raw / raw.sum(axis=1, keepdims=True)
    return Dependence(p.name, at, tuple(map(tuple, means.tolist())))


def answers(
    task: Task, rows: int, rng: np.random.Generator, rare: float
) -> tuple[np.ndarray, np.ndarray]:
    """Give answers and predictions that are right for some of them."""
    k = len(task.classes)
    if not k:
        y = rng.gamma(3.0, 50.0, rows)
        return y, (0.7 * y + 45 + rng.normal(0, 35, rows))[:, None].astype(np.float32)
    shares = np.full(k, 1.0) if rare >= 1 else rare ** np.arange(k)[::-1]
    y = rng.choice(k, rows, p=shares / shares.sum())
    raw = rng.normal(size=(rows, k)) + 2.0 * (y[:, None] == np.arange(k)) + np.log(shares + 1e-9)
    p = np.exp(raw - raw.max(axis=1, keepdims=True))
    return y.astype(np.int32), (p / p.sum(axis=1, keepdims=True)).astype(np.float32)


def build(
    kind: TaskKind = TaskKind.BINARY,
    *,
    rows: int = 600,
    features: int = 12,
    classes: tuple[str, ...] = ("no", "yes"),
    names: tuple[str, ...] = (),
    rare: float = 1.0,
    target: str = "outcome",
) -> Model:
    """Build a model with evidence of every sort.

    Parameters
    ----------
    rare : float
        Below 1: how many times rarer each class is than the next.
    """
    rng = np.random.default_rng(7)
    labels = () if kind is TaskKind.REGRESSION else classes
    task = Task(kind, target, default_metric(kind), labels)
    made = columns(features, names)
    kind_of = Kind.CATEGORY if labels else Kind.NUMBER
    schema = Schema((*made, Column(target, kind_of, Role.TARGET)))
    y, p = answers(task, rows, rng, rare)
    profiles = tuple(profile(column, rows, rng) for column in schema)
    used = [item for item in profiles if item.role == Role.FEATURE]
    losses = 0.12 * 0.75 ** np.arange(len(used))
    importances = tuple(
        Importance(item.name, float(v), float(v * 0.8 - 0.002), float(v * 1.15 + 0.002))
        for item, v in zip(used, losses, strict=True)
    )
    curves = [dependence(item, task.outputs, rng) for item in used[:9]]
    metric = find_metric(task.metric, kind)
    evidence = Evidence(
        y,
        p,
        (np.arange(rows) % 5).astype(np.int16),
        None,
        {"question": {"target": target, "metric": None}, "settings": {"seed": 0, "time": "60s"}},
        tuple((rows - rows // 5, rows // 5) for _ in range(5)),
        profiles,
        importances,
        tuple(curve for curve in curves if curve is not None),
        tuple(attribution(task, row, used) for row in ("typical", "the largest error", "17")),
    )
    card = _card(task, rows, metric.score(_target(task, y), p))
    columns_used = tuple(c.name for c in made if c.role is Role.FEATURE)
    part = Part(SimpleNamespace(columns=columns_used, steps=()), SimpleNamespace())  # type: ignore[arg-type]
    member = Member("lightgbm-2", 1.0, (part,))
    return Model(task, schema, (member,), Temperature(1.0), card, evidence)


def _target(task: Task, y: np.ndarray) -> Any:
    from modelwright.core.task import Target

    return Target(y.astype(np.int64) if task.classes else y, len(task.classes))


def attribution(task: Task, row: str, used: list[Profile]) -> Attribution:
    """Give one prediction taken apart."""
    base, unit = (0.4, 0.05) if task.classes else (150.0, 12.0)
    shares = tuple(unit * (-0.7) ** i for i in range(len(used)))
    values = tuple(p.levels[0] if p.levels else f"{10 + i}" for i, p in enumerate(used))
    output = task.classes[-1] if task.classes else ""
    names = tuple(p.name for p in used)
    answer = output or "164"
    return Attribution(row, output, base, base + sum(shares), answer, names, values, shares)


def _card(task: Task, rows: int, score: float) -> Card:
    lines = [
        Standing(
            "ensemble",
            score,
            1.0,
            12.3,
            score * 0.96,
            min(score * 1.03, score + abs(1 - score) / 2),
        )
    ]
    for i, name in enumerate(("lightgbm-2", "linear-0", "extra-trees-1", "lightgbm-7")):
        sign = 1 if task.metric != "roc_auc" else -1
        worse = score * (1 + sign * 0.01 * (i + 1))
        weight = (0.6, 0.3, 0.1, 0.0)[i]
        lines.append(Standing(name, worse, weight, 1.0 + i, worse * 0.95, worse * 1.04))
    return Card(
        "0.1.0",
        "2026-11-21T07:00:00+00:00",
        "20261121-070000-abcdef",
        rows,
        "b2:0123456789abcdef",
        "5-fold cross-validation, because there are 600 rows.",
        score,
        Leaderboard(task.metric, tuple(lines)),
        ("3 rows without a value of 'outcome' were left out",),
    )


def without(model: Model, **fields: Any) -> Model:
    """Give the model with other evidence fields."""
    assert model.evidence is not None
    return replace(model, evidence=replace(model.evidence, **fields))
