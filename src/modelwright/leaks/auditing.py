"""Any estimator, as it is fitted and scored: which answers reach it before they should."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelwright.core.codes import CODES
from modelwright.core.errors import DataError
from modelwright.core.findings import Finding, Severity
from modelwright.core.numerals import number
from modelwright.leaks.case import Case, make_case
from modelwright.leaks.columns import check_columns, worst_first
from modelwright.leaks.executed import Executed, execute
from modelwright.leaks.fixed import find_fitted_before, find_selected_before, fit_twice
from modelwright.leaks.inner import find_inner_splits, find_kept
from modelwright.leaks.left_over import find_left_over
from modelwright.leaks.look import out_of_fold
from modelwright.leaks.rows import find_copies_across, find_made_up, find_overlap
from modelwright.leaks.scored import find_scored_rows
from modelwright.leaks.structured import find_mixed
from modelwright.leaks.verdict import Audit

__all__ = ["audit"]

_TOO_GOOD = 0.4
_GAP = 0.15
_QUICK_ROWS = 20_000
_FEWEST = 20


def audit(
    estimator: Any,
    X: Any,
    y: Any,
    splits: Any = None,
    *,
    groups: Any = None,
    order: Any = None,
    task: str | None = None,
    seed: int = 0,
) -> Audit:
    """Find leaks in a table and in the executed pipeline: what is fitted on what it is scored on.

    The folds are fitted while they are watched, a few of them again with answers shuffled, or with
    things and times kept apart. Nothing that is given is changed.

    Parameters
    ----------
    estimator : object
        Any scikit-learn estimator or pipeline, or anything else with ``fit`` and ``predict``. Or an
        array: the out-of-fold predictions of one that is not at hand, NaN where there is none.
    X : array or frame of shape (n_rows, n_columns)
        NumPy, pandas, Polars or Arrow.
    y : array of shape (n_rows,)
        Labels or numbers.
    splits : Splits, splitter, int, or iterable of (train, test), optional
        The plan that the score comes from: one of ours, a splitter of scikit-learn's, a number of
        folds, or pairs of row positions. None: the plan that `groups` and `order` ask for.
    groups : str or array of shape (n_rows,), optional
        What new rows will be new of: a column of `X`, or a value for each row.
    order : str or array of shape (n_rows,), optional
        When each row was: a column of `X`, or a number or a date for each row.
    task : str, optional
        ``"binary"``, ``"multiclass"`` or ``"regression"``; None: the estimator knows, or `y` tells.
    seed : int
        The only source of randomness.

    Returns
    -------
    Audit

    Raises
    ------
    UserError
        When rows, answers or splits do not go together.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.feature_selection import SelectKBest
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> X, y = rng.normal(size=(120, 1000)), rng.integers(0, 2, 120)
    >>> chosen = SelectKBest(k=15).fit_transform(X, y)  # all answers, before the split
    >>> found = audit(LogisticRegression(), chosen, y, splits=5)
    >>> found.clean, found.findings[0].code
    (False, 'selected-before')
    """
    predicted = _predictions(estimator)
    case = make_case(
        None if predicted is not None else estimator, X, y, splits,
        groups=groups, order=order, task=task, seed=seed,
    )  # fmt: skip
    findings = [*find_overlap(case), *find_copies_across(case)]
    if not any(one.code == "oversampled" for one in findings):
        findings += find_made_up(case)
    findings += _of_columns(case)
    notes: list[str] = []
    steps: tuple[str, ...] = ()
    if predicted is not None:
        findings += _too_good(case, predicted)
        notes.append("no estimator was given: its steps could not be watched")
    else:
        executed = _executed(case, estimator)
        findings += _of_steps(executed, {one.code for one in findings})
        steps = executed.steps
    return Audit(
        worst_first(findings), len(case), case.table.frame.width, len(case.folds), steps,
        tuple(notes),
    )  # fmt: skip


def _predictions(estimator: Any) -> np.ndarray[Any, Any] | None:
    if estimator is None:
        return np.empty(0)
    if not isinstance(estimator, np.ndarray | list):
        return None
    try:
        return np.asarray(estimator, np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "out-of-fold predictions as numbers", f"such as {str(estimator[0])[:40]!r}",
            "give a probability for each class, or a number for each row",
        ) from None  # fmt: skip


def _executed(case: Case, estimator: Any) -> Executed:
    if not hasattr(estimator, "fit") or not hasattr(estimator, "predict"):
        got = f"a {type(estimator).__name__}"
        raise DataError("an estimator with fit and predict, or an array of predictions", got)
    return execute(case, estimator)


def _of_columns(case: Case) -> list[Finding]:
    """Look at single columns as `check` does, and for columns that were left over."""
    seed = int(case.seed.derive("leaks", "columns"))
    return [*check_columns(case.table, case.target, seed=seed), *find_left_over(case)]


def _of_steps(executed: Executed, known: set[str]) -> list[Finding]:
    findings = [*find_scored_rows(executed)]
    twice = fit_twice(executed)
    findings += find_fitted_before(executed, twice)
    if "selected-before" not in known:
        findings += find_selected_before(executed, twice)
    findings += find_inner_splits(executed, find_kept(executed.case))
    # copies make things of themselves: told already, they are not measured again
    if not known & {"copies-across", "oversampled", "overlapping-splits"}:
        findings += find_mixed(executed)
    return findings


def _too_good(case: Case, predicted: np.ndarray[Any, Any]) -> list[Finding]:
    """Compare predictions with what a quick model makes of the same columns and folds."""
    if not len(predicted) or len(case) > _QUICK_ROWS:
        return []
    said = predicted.reshape(len(predicted), -1)
    if said.shape[1] == 1 and case.target.classes == 2:
        said = np.hstack([1 - said, said])
    if said.shape != (len(case), case.target.outputs):
        got = f"shape {predicted.shape}"
        raise DataError(
            f"predictions of shape ({len(case)}, {case.target.outputs})", got,
            "give a probability for each class, or a number for each row",
        )  # fmt: skip
    fold = np.full(len(case), -1)
    for i, one in enumerate(case.folds):
        fold[one.valid] = i
    rows = np.flatnonzero(np.isfinite(said).all(axis=1) & (fold >= 0))
    if not len(rows):
        raise DataError(
            "predictions of scored rows", "NaN or infinity for all of them",
            "give NaN only for rows that no fold scores",
        )  # fmt: skip
    if len(rows) < _FEWEST:
        return []
    seed = int(case.seed.derive("leaks", "good"))
    part = fold[rows] if len(np.unique(fold[rows])) > 1 else None
    quick = out_of_fold(case.table.rows(rows), case.target.rows(rows), seed, part)
    if quick is None:
        return []
    told, own = (float(case.losses(rows, p).mean()) for p in (said[rows], quick.astype(float)))
    if told > _TOO_GOOD * own or own - told < _GAP:
        return []
    code = CODES["too-good"]
    scores = [number(case.score(rows, p)) for p in (said[rows], quick.astype(np.float64))]
    evidence = (
        f"these predictions come to {case.metric.name} {scores[0]}, a quick model of the same "
        f"columns in the same folds to {scores[1]}"
    )
    return [Finding(code.name, Severity.WARNING, (), evidence, code.cure)]
