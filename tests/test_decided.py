"""Metrics of decisions through the whole chain: fit, file, predict, evaluate, report, explain."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import ModelwrightWarning
from modelwright.evaluate.amount import Amount
from modelwright.evaluate.decisions import Best, LeastCost, MostProbable, Threshold
from modelwright.report import write_evaluation

ROWS = 500
PROFIT = "profit(tp=100, fp=-5)"


def customers(seed: int = 0, rows: int = ROWS) -> pl.DataFrame:
    """Draw customers of whom about one in eight buys."""
    rng = np.random.default_rng(seed)
    age, visits = rng.normal(size=rows), rng.normal(size=rows)
    buys = 1.3 * age + visits + rng.normal(size=rows) > 2.3
    return pl.DataFrame(
        {
            "age": age,
            "visits": visits,
            "buys": np.where(buys, "yes", "no"),
            "worth": 50 + 20 * age + 5 * rng.normal(size=rows),
            "kind": np.where(buys, "buyer", np.where(age > 0, "older", "younger")),
        }
    )


QUICK: dict[str, Any] = {"trials": 1, "workers": 0, "models": ("linear",)}


def fitted(metric: str | mw.Metric, target: str = "buys") -> mw.Result:
    table = customers().select("age", "visits", target)
    return mw.fit(table, target, metric=metric, settings=mw.Settings(**QUICK))


@pytest.fixture(scope="module")
def tuned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a model that was fitted for a profit, rows, and a second model."""
    folder = tmp_path_factory.mktemp("tuned")
    settings = mw.Settings(**QUICK, store=folder / "store", out=folder / "model.mw")
    table = customers().select("age", "visits", "buys")
    mw.fit(table, "buys", metric=PROFIT, settings=settings)
    other = mw.Settings(**QUICK, store=folder / "store", out=folder / "weak.mw")
    mw.fit(table.select("visits", "buys"), "buys", settings=other)
    customers(1).select("age", "visits", "buys").write_csv(folder / "new.csv")
    return folder


def said(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_profit_decides_and_its_threshold_is_kept(tuned: Path) -> None:
    model = mw.load(tuned / "model.mw")
    assert model.task.metric == PROFIT == model.leaderboard.metric
    assert isinstance(model.decision, Threshold)
    assert 0 < model.decision.value < 0.3
    assert "buys" in str(model)
    assert model.card.decision.startswith("the answer is yes from a probability of 0.")
    again = mw.load(model.save(tuned / "again.mw"))
    assert again.decision == model.decision
    assert again.card == model.card
    line = next(iter(model.leaderboard))
    assert line.low is not None
    assert line.high is not None
    assert line.low < line.score < line.high


def test_predict_applies_the_threshold_and_another_one(tuned: Path) -> None:
    model = mw.load(tuned / "model.mw")
    assert isinstance(model.decision, Threshold)
    answers = model.predict(tuned / "new.csv")
    cut = answers["p_yes"] >= model.decision.value
    assert ((answers["prediction"] == "yes") == cut).all()
    assert (answers["prediction"] == "yes").sum() > (answers["p_yes"] > 0.5).sum()
    strict = model.with_threshold(0.8).predict(tuned / "new.csv")
    assert ((strict["prediction"] == "yes") == (strict["p_yes"] >= 0.8)).all()
    with pytest.raises(mw.OptionError, match="between 0 and 1"):
        model.with_threshold(1.5)


def test_evaluate_judges_what_the_model_answers(tuned: Path) -> None:
    model = mw.load(tuned / "model.mw")
    scores = model.evaluate(tuned / "new.csv", ["fbeta(beta=2)"])
    assert next(iter(scores)) == PROFIT
    assert next(reversed(scores)) == "fbeta(beta=2)"
    truth = pl.read_csv(tuned / "new.csv")["buys"] == "yes"
    called = model.predict(tuned / "new.csv")["prediction"] == "yes"
    assert scores[PROFIT] == pytest.approx(
        (100 * (truth & called).sum() - 5 * (~truth & called).sum()) / len(truth)
    )
    assert scores["recall"] == pytest.approx((truth & called).sum() / truth.sum())
    # better than one half, and about what the fit promised
    assert scores[PROFIT] > model.with_threshold(0.5).evaluate(tuned / "new.csv")[PROFIT]
    assert model.card.score is not None
    assert scores[PROFIT] == pytest.approx(model.card.score, rel=0.4)


@pytest.mark.long
def test_the_command_line_says_it_all(
    tuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = str(tuned / "model.mw"), str(tuned / "new.csv")
    found = said(
        ["evaluate", model, data, "--metric", "recall_at(k=10%)", "--metric", "mcc"], capsys
    )
    assert found["metric"] == PROFIT
    assert 0 < found["scores"]["recall_at(k=10%)"] < 1
    assert found["intervals"]["recall_at(k=10%)"]["low"] is not None
    assert found["undefined"] == {}
    assert [line["class"] for line in found["classes"]] == ["no", "yes"]
    one = found["classes"][1]
    assert one["recall_low"] < one["recall"] < one["recall_high"]
    assert one["recall"] == pytest.approx(found["scores"]["recall"])
    assert "the answer is yes from" in found["decision"]
    half = said(["evaluate", model, data, "--threshold", "0.5"], capsys)
    assert half["scores"]["roc_auc"] == found["scores"]["roc_auc"]
    assert half["scores"][PROFIT] < found["scores"][PROFIT]
    out = tmp_path / "p.csv"
    assert main(["predict", model, data, "--out", str(out), "--threshold", "0.9"]) == 0
    strict = pl.read_csv(out)
    assert ((strict["prediction"] == "yes") == (strict["p_yes"] >= 0.9)).all()
    assert main(["evaluate", model, data]) == 0
    printed = capsys.readouterr().out
    assert "precision (95 %)" in printed
    assert "the answer is yes from" in printed


def test_wrong_options_are_told(tuned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data = str(tuned / "model.mw"), str(tuned / "new.csv")
    for words, message in (
        (["--metric", "profit(tp=1)"], "got one of them"),
        (["--metric", "rmse"], "a metric for binary"),
        (["--threshold", "2"], "a threshold between 0 and 1"),
        (["--threshold", "x"], "threshold"),
        (["--against", str(tuned / "weak.mw"), "--threshold", "0.5"], "no --threshold beside"),
    ):
        assert main(["evaluate", model, data, *words]) == 2
        assert message in capsys.readouterr().err


@pytest.mark.long
def test_two_models_on_the_same_rows(tuned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weak, model, data = (str(tuned / name) for name in ("weak.mw", "model.mw", "new.csv"))
    found = said(["evaluate", weak, data, "--against", model], capsys)
    assert found["rows"] == ROWS
    first = found["scores"][0]
    assert first["metric"] == "roc_auc"
    assert first["difference"] == pytest.approx(first["other"] - first["one"])
    assert 0 < first["low"] < first["difference"] < first["high"]
    assert first["better"] > 0.99
    assert found["scores"][1]["metric"] == PROFIT
    assert found["delong"]["p_value"] < 0.01
    assert found["delong"]["one"] == pytest.approx(first["one"], abs=1e-6)
    assert found["mcnemar"]["only_one"] >= 0
    alone = said(["evaluate", model, data], capsys)
    by_name = {pair["metric"]: pair["other"] for pair in found["scores"]}
    for name, score in alone["scores"].items():
        assert by_name[name] == pytest.approx(score)
    assert main(["evaluate", weak, data, "--against", model]) == 0
    printed = capsys.readouterr().out
    assert "model.mw is the better one" in printed
    assert "over 99 %" in printed
    assert "DeLong's test" in printed
    assert "McNemar's test" in printed


@pytest.mark.long
def test_models_of_other_questions_are_not_compared(tuned: Path) -> None:
    numbers = fitted("rmse", "worth").model
    with pytest.raises(mw.OptionError, match="two models of one column"):
        mw.compare_models(mw.load(tuned / "model.mw"), numbers, customers(1))


@pytest.mark.long
def test_runs_are_compared_on_the_rows_that_both_held_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = customers().select("age", "visits", "buys")
    for models in (("tree",), ("linear",)):
        settings = mw.Settings(trials=1, workers=0, models=models, store=tmp_path)
        mw.fit(table, "buys", metric="f1", settings=settings)
    found = said(["runs", "compare", "--store", str(tmp_path)], capsys)
    paired = found["paired"]
    assert paired["rows"] == ROWS
    assert paired["metric"] == "f1"
    pair = found["scores"][0]
    assert paired["one"] == pytest.approx(pair["one"])
    assert paired["other"] == pytest.approx(pair["other"])
    assert paired["low"] < pair["other"] - pair["one"] < paired["high"]
    assert main(["runs", "compare", "--store", str(tmp_path)]) == 0
    assert "on the same 500 held-out rows" in capsys.readouterr().out


@pytest.mark.long
def test_a_capacity_takes_so_many_of_the_rows_at_hand() -> None:
    model = fitted("profit(tp=100, fp=-20, capacity=10%)").model
    assert isinstance(model.decision, Best)
    answers = model.predict(customers(1))
    assert (answers["prediction"] == "yes").sum() == 50
    lowest = answers.filter(pl.col("prediction") == "yes")["p_yes"].min()
    highest = answers.filter(pl.col("prediction") == "no")["p_yes"].max()
    assert lowest >= highest  # type: ignore[operator]
    assert "10%" in model.card.decision


def test_rows_without_a_prediction_take_no_place_of_a_capacity(tuned: Path, tmp_path: Path) -> None:
    names, *lines = customers(1, 20).select("age", "visits").write_csv().splitlines()
    path = tmp_path / "pasted.csv"
    path.write_text("\n".join([names, *lines[:10], names, *lines[10:]]))
    for capacity, taken in ((Amount(20), 20), (Amount(0.5, share=True), 10)):
        model = replace(mw.load(tuned / "model.mw"), decision=Best(capacity))
        with pytest.warns(ModelwrightWarning, match="given no prediction"):
            answers = model.predict(path)["prediction"]
        assert answers[10] is None
        assert (answers == "yes").sum() == taken


@pytest.mark.long
def test_costs_of_classes_decide_for_the_least_expected_one(tmp_path: Path) -> None:
    costs = tmp_path / "costs.csv"
    costs.write_text(",younger,older,buyer\nbuyer,30,30,0\nolder,1,0,1\nyounger,0,1,1\n")
    model = fitted(f"cost(matrix={costs})", "kind").model
    assert model.task.classes == ("buyer", "older", "younger")
    assert model.task.metric == "cost(matrix=0 30 30; 1 0 1; 1 1 0)"
    assert isinstance(model.decision, LeastCost)
    again = mw.load(model.save(tmp_path / "model.mw"))
    costs.unlink()
    new = customers(1)
    p = again.probabilities(new)
    matrix = np.array([[0, 30, 30], [1, 0, 1], [1, 1, 0]])
    wanted = [again.task.classes[k] for k in (p @ matrix).argmin(axis=1)]
    assert again.predict(new)["prediction"].to_list() == wanted
    assert (np.array(wanted) == "buyer").sum() > (p.argmax(axis=1) == 0).sum()
    codes = {name: k for k, name in enumerate(again.task.classes)}
    paid = [matrix[codes[y], codes[d]] for y, d in zip(new["kind"], wanted, strict=True)]
    assert again.evaluate(new)[again.task.metric] == pytest.approx(np.mean(paid))
    with pytest.raises(mw.OptionError, match="two classes for --threshold"):
        again.with_threshold(0.5)


@pytest.mark.long
def test_a_function_of_the_user_decides_and_is_not_in_the_file(tmp_path: Path) -> None:
    def sure_hits(y: Any, p: Any, weight: Any) -> float:
        sure = p > 0.4
        return float(np.average(y[sure], weights=None if weight is None else weight[sure]))

    mine = mw.metric("sure hits", sure_hits)
    result = fitted(mine)
    assert result.model.task.metric == "python:sure hits"
    assert 0 < result.score < 1  # type: ignore[operator]
    loaded = mw.load(result.model.save(tmp_path / "model.mw"))
    scores = loaded.evaluate(customers(1))
    assert next(iter(scores)) == "roc_auc"
    with_it = loaded.evaluate(customers(1), [mine])
    assert next(iter(with_it)) == "python:sure hits"
    p, y = loaded.probabilities(customers(1))[:, 1], customers(1)["buys"] == "yes"
    assert with_it["python:sure hits"] == pytest.approx(y.to_numpy()[p > 0.4].mean())
    page = mw.write_report(loaded, tmp_path / "report.html").read_text()
    assert "Python function" in page
    assert "python:sure hits" in page
    write_evaluation(loaded, customers(1), tmp_path / "evaluation.html")
    with pytest.raises(mw.OptionError, match="ZeroDivisionError"):
        fitted(mw.metric("broken", lambda y, p, weight: 1 / 0))


@pytest.mark.long
def test_a_cost_of_errors_of_numbers() -> None:
    result = fitted("cost(under=3, over=1)", "worth")
    new = customers(1)
    missed = new["worth"].to_numpy() - result.predict(new)["prediction"].to_numpy()
    wanted = np.where(missed > 0, 3 * missed, -missed).mean()
    assert result.model.evaluate(new)["cost(under=3, over=1)"] == pytest.approx(wanted, rel=1e-5)
    assert result.model.decision == MostProbable()


def test_the_report_shows_the_threshold(tuned: Path, tmp_path: Path) -> None:
    model = mw.load(tuned / "model.mw")
    page = mw.write_report(model, tmp_path / "report.html").read_text()
    assert "at each threshold" in page
    assert "the model&#x27;s" in page or "the model's" in page
    assert "Decisions earn" in page
    assert "always answering" in page
    assert "The answer is yes from a probability of" in page


@pytest.mark.long
def test_explain_names_the_decision(tuned: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["explain", str(tuned / "model.mw"), str(tuned / "new.csv"), "--columns"])
    assert code == 0
    printed = capsys.readouterr().out
    assert "the answer is yes from a probability of" in printed
    assert f"how much worse {PROFIT} gets" in printed
    assert main(["explain", str(tuned / "model.mw"), str(tuned / "new.csv"), "--rows", "3"]) == 0
    assert "the answer is yes from a probability of" in capsys.readouterr().out


def test_a_metric_that_the_answers_do_not_allow_is_refused() -> None:
    table = customers().with_columns(pl.col("worth") - 100)
    for name in ("gamma_deviance", "poisson_deviance", "rmsle"):
        with pytest.raises(mw.OptionError, match=f"for --metric {name}.*choose rmse"):
            mw.fit(table, "worth", metric=name, settings=mw.Settings(**QUICK))


@pytest.mark.long
def test_a_score_without_a_value_is_explained(
    tuned: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = pl.read_csv(tuned / "new.csv").filter(pl.col("buys") == "no")
    rows.write_csv(tmp_path / "one.csv")
    model = mw.load(tuned / "model.mw")
    with pytest.warns(ModelwrightWarning, match=r"roc_auc \(all answers are of one"):
        assert np.isnan(model.evaluate(rows)["roc_auc"])
    found = said(["evaluate", str(tuned / "model.mw"), str(tmp_path / "one.csv")], capsys)
    assert found["scores"]["roc_auc"] is None
    assert found["undefined"]["roc_auc"] == "all answers are of one class"
    assert main(["evaluate", str(tuned / "model.mw"), str(tmp_path / "one.csv")]) == 0
    assert ": all answers are of one class" in capsys.readouterr().out


@pytest.mark.long
def test_the_estimator_answers_as_the_model() -> None:
    table = customers()
    X, y = table.select("age", "visits").to_numpy(), table["buys"].to_numpy()
    found = mw.AutoClassifier(trials=1, models=("linear",), workers=0, metric="f1").fit(X, y)
    assert isinstance(found.model_.decision, Threshold)
    cut = found.predict_proba(X)[:, 1] >= found.model_.decision.value
    assert ((found.predict(X) == "yes") == cut).mean() > 0.995
