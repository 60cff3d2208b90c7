"""Folders of images through the same fit: files, commands, resuming, and what is wrong."""

from __future__ import annotations

import errno
import json
import math
import os
import shutil
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import (
    DataError,
    FitError,
    LostError,
    ModelFileError,
    ModelwrightWarning,
    OptionError,
    OutputError,
)
from modelwright.core.progress import SilentProgress
from modelwright.core.task import Target
from modelwright.core.unopened import UnopenedWarning
from modelwright.engine import lock_file
from modelwright.models.pictures import FittedPictures
from modelwright.plan.images import fit as pictures
from modelwright.plan.images import net as picture_net
from modelwright.plan.images import rows as picture_rows
from modelwright.plan.images import run as picture_run
from modelwright.plan.images import speed as picture_speed
from modelwright.plan.images.fresh import digest_of_tested
from modelwright.plan.images.net import NetSpec
from modelwright.plan.images.rows import PictureRows
from modelwright.plan.images.run import CHECKPOINT, opened_run, scoring_seconds
from modelwright.report import render
from modelwright.store import RunStatus, RunStore
from modelwright.store.archive import read_archive, write_archive
from modelwright.store.tensors import read_tensors
from pictured import draw, save, write_classes, zipped

QUICK = mw.Settings(trials=1)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lying and upright bars: train, val and test."""
    folder = tmp_path_factory.mktemp("bars")
    return write_classes(folder, {"train": 150, "val": 30, "test": 40})


@pytest.fixture(scope="module")
def fitted(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> mw.Model:
    """A model of them, as a file gives it back."""
    out = tmp_path_factory.mktemp("model") / "bars.mw"
    store = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "USUAL", 12)
        patch.setattr(pictures, "LADDER", ((6, 8),) * 5)
        mw.fit(bars, settings=mw.Settings(trials=2, out=out, store=store))
    return mw.load(out)


def test_it_learns_what_it_is_shown_and_says_how_well(fitted: mw.Model) -> None:
    card = fitted.card
    assert card.score is not None
    assert card.score > 0.9
    assert card.test is not None
    assert (card.test.metric, card.test.rows) == ("accuracy", 80)
    assert card.test.score > 0.9
    assert [line.name for line in card.leaderboard][:1] != []
    assert {line.name for line in card.leaderboard} == {"quick", "net"}
    assert card.rows == 300
    assert "(60 held-out images)" in str(fitted)
    assert card.plan.startswith("60 images under val/ were held out as given")


def test_labels_of_held_out_images_are_judged(
    fitted: mw.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = mw.doubtful_labels(fitted)
    assert (found.rows, found.columns) == (60, ("image",))
    fitted.save(tmp_path / "bars.mw")
    assert main(["label", "noise", str(tmp_path / "bars.mw")]) == 0
    assert capsys.readouterr().out.startswith("60 labels of held-out images: ")


def test_images_that_were_learned_from_are_known_again(
    fitted: mw.Model, bars: Path, tmp_path: Path
) -> None:
    same, half = tmp_path / "again", tmp_path / "half"
    shutil.copytree(bars / "train", same)
    shutil.copytree(bars / "val", same, dirs_exist_ok=True, copy_function=_beside)
    with pytest.warns(ModelwrightWarning, match="All 360 images are among the 360 that the model"):
        rows = fitted.answered(same)
    assert rows.all_seen
    # a net agrees with labels that it learned: what held-out images said counts
    assert mw.doubtful_labels(fitted, same) == mw.doubtful_labels(fitted)
    shutil.copytree(bars / "val", half)
    shutil.copytree(bars / "test", half, dirs_exist_ok=True, copy_function=_beside)
    with pytest.warns(ModelwrightWarning, match="60 of 140 images are among the 360"):
        assert mw.doubtful_labels(fitted, half).rows == 80
    with warnings.catch_warnings():
        warnings.simplefilter("error", ModelwrightWarning)
        assert not fitted.answered(bars / "test").some_seen


def _beside(source: str, target: str) -> str:
    """Copy a file under a name that no other one has."""
    return str(shutil.copy(source, f"{target}.other.png"))


def test_the_test_images_are_never_learned_from(bars: Path, fitted: mw.Model) -> None:
    evidence = fitted.evidence
    assert evidence is not None
    assert evidence.splits == ((300, 60),)
    assert evidence.pictures is not None
    names = [one.name for one in evidence.pictures.thumbnails]
    assert not any("test/" in name for name in names)


def test_predictions_name_their_images(bars: Path, fitted: mw.Model) -> None:
    answers = fitted.predict(bars / "test")
    assert answers.columns == ["image", "prediction", "p_lying", "p_upright"]
    assert answers.height == 80
    assert answers["image"][0] == str(bars / "test" / "lying" / "000.png")
    right = answers["image"].str.split("/").list.get(-2) == answers["prediction"]
    assert fitted.card.test is not None
    assert right.mean() == pytest.approx(fitted.card.test.score)
    rows = answers.select(pl.sum_horizontal("p_lying", "p_upright"))
    assert np.allclose(rows.to_numpy(), 1, atol=1e-5)


def test_scores_of_a_whole_folder_are_those_of_its_test_images(
    bars: Path, fitted: mw.Model
) -> None:
    with pytest.warns(ModelwrightWarning, match="the 80 under test/ are scored"):
        scores = fitted.evaluate(bars)
    assert fitted.card.test is not None
    assert scores["accuracy"] == pytest.approx(fitted.card.test.score)


def test_images_without_a_class_are_predicted_too(tmp_path: Path, fitted: mw.Model) -> None:
    save(tmp_path / "one.png", draw(1, 99))
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.warns(UnopenedWarning):
        answers = fitted.predict(tmp_path)
    assert answers["image"].str.split("/").list.get(-1).to_list() == ["broken.png", "one.png"]
    assert answers["prediction"].to_list() == [None, "upright"]


def test_a_report_shows_curves_mistakes_and_what_the_net_was_shown(fitted: mw.Model) -> None:
    page = render(fitted)
    for words in ("How it learned", "What the net was shown", "Accuracy on held-out images",
                  "Where it errs", "Confusion matrix"):  # fmt: skip
        assert words in page
    assert "from images" in page
    assert "modelwright predict model.mw new_images" in page
    for words in ("What matters", "1 column", "Columns that new rows", "--target"):
        assert words not in page
    assert page.count("data:image/png;base64,") >= 24
    assert len(page) < 3e6


@pytest.mark.long
def test_the_same_seed_gives_the_same_file(bars: Path, tmp_path: Path) -> None:
    found = []
    for name in ("a.mw", "b.mw"):
        mw.fit(bars, settings=replace(QUICK, out=tmp_path / name, store=tmp_path / name[0]))
        entries = read_archive(tmp_path / name)
        found.append(entries["parts/0/blob-weights"])
    assert found[0] == found[1]


@pytest.mark.long
def test_test_images_are_scored_by_the_threads_that_were_measured(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.nets.library import torch
    from modelwright.training.machine import Machine

    threads, score = [], pictures.score_fresh

    def counted(*given: Any) -> mw.Model:
        threads.append(torch.get_num_threads())
        return score(*given)

    monkeypatch.setattr(pictures, "score_fresh", counted)
    monkeypatch.setattr(pictures._Work, "_machine", lambda *given: Machine(3, channels_last=True))
    mw.fit(bars, settings=replace(QUICK, store=tmp_path))
    assert threads == [3]


@pytest.mark.long
def test_a_second_look_at_the_test_images_is_told_whatever_was_added_for_training(
    bars: Path, tmp_path: Path
) -> None:
    first = mw.fit(bars, settings=replace(QUICK, store=tmp_path))
    more = shutil.copytree(bars, tmp_path / "bars")
    save(more / "train" / "lying" / "more.png", draw(0, 555))
    again = mw.fit(more, settings=replace(QUICK, store=tmp_path))
    assert [one.test and one.test.looks for one in (first, again)] == [0, 1]
    start = "These test images were scored in 1 earlier run"
    told = [any(note.startswith(start) for note in one.notes) for one in (first, again)]
    assert told == [False, True]


def test_test_images_are_known_by_what_they_show(bars: Path, tmp_path: Path) -> None:
    rows = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    same = digest_of_tested(rows)
    assert digest_of_tested(replace(rows, test=rows.test[::-1], names=(), digest="other")) == same
    assert digest_of_tested(replace(rows, test=rows.test[1:])) != same
    turned = Target(1 - rows.y.values, 2)
    assert digest_of_tested(replace(rows, y=turned)) != same
    assert digest_of_tested(replace(rows, pixels=rows.pixels + np.uint8(1))) != same


@pytest.mark.long
def test_images_are_opened_once(bars: Path, tmp_path: Path) -> None:
    first = mw.fit(bars, settings=replace(QUICK, store=tmp_path))
    (kept,) = (tmp_path / "images").iterdir()
    stamp = (kept / "pixels.npy").stat().st_mtime_ns
    again = mw.fit(bars, settings=replace(QUICK, store=tmp_path))
    assert (kept / "pixels.npy").stat().st_mtime_ns == stamp
    assert again.score == first.score
    moved = shutil.copytree(bars, tmp_path / "bars")
    (moved / "train" / "lying" / "000.png").unlink()
    mw.fit(moved, settings=replace(QUICK, store=tmp_path))
    assert len([*(tmp_path / "images").iterdir()]) == 2


@pytest.mark.long
def test_a_zip_and_its_folder_give_the_same_model(bars: Path, tmp_path: Path) -> None:
    path = zipped(bars, tmp_path / "bars.zip")
    folder, packed = (
        mw.fit(data, settings=replace(QUICK, store=tmp_path / str(i)))
        for i, data in enumerate((bars, path))
    )
    assert folder.score == packed.score
    assert packed.model.predict(path).height == 440


@pytest.mark.long
def test_without_parts_some_images_are_held_out(tmp_path: Path) -> None:
    write_classes(tmp_path / "in", {"": 50})
    result = mw.fit(tmp_path / "in", settings=QUICK)
    assert result.model.card.rows == 80
    assert result.test is None
    assert "20 of 100 images, each class evenly, were held out at random" in result.model.card.plan


@pytest.mark.long
def test_from_the_command_line(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "m.mw"
    assert main(["fit", str(bars), "--time", "3s", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["test"]["accuracy"] == told["test"]["score"]
    assert "quick" in {line["name"] for line in told["leaderboard"]}
    assert any("threads" in note or "thread," in note for note in told["notes"])
    csv, page = tmp_path / "p.csv", tmp_path / "r.html"
    assert main(["predict", str(out), str(bars / "test"), "--out", str(csv)]) == 0
    assert pl.read_csv(csv).height == 80
    assert main(["evaluate", str(out), str(bars), "--json"]) == 0
    scored = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert scored["scores"]["accuracy"] == pytest.approx(told["test"]["accuracy"])
    assert main(["report", str(out), "--out", str(page)]) == 0
    assert main(["fit", str(bars), "--trials", "1", "--out", str(out)]) == 0
    assert "test: on 80 fresh rows of" in capsys.readouterr().out


@pytest.mark.long
def test_an_interrupted_run_goes_on(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.plan.images import course as picture_course
    from modelwright.training.checkpoints import Keeper
    from modelwright.training.loop import Training

    monkeypatch.setattr(pictures, "USUAL", 3)
    monkeypatch.setattr(pictures, "LADDER", ((4, 6),) * 5)
    monkeypatch.setattr(picture_course, "_KEPT", 0.0)
    train, nets = pictures.train_net, list[dict[str, Any]]()

    def kept(*given: Any, **named: Any) -> Any:
        done = train(*given, **named)
        nets.extend(read_tensors(path)[0] for path in [named["checkpoint"]] if path is not None)
        return done

    monkeypatch.setattr(pictures, "train_net", kept)
    settings = mw.Settings(trials=2, resume=True)
    mw.fit(bars, settings=replace(settings, store=tmp_path / "whole"))

    def killed(self: Keeper, training: Training) -> None:
        usual(self, training)
        if training.done == 1 and training.at == 3 and training.course.optimiser == "muon":
            raise KeyboardInterrupt

    usual = Keeper.__call__
    settings = replace(settings, store=tmp_path / "parts", out=tmp_path / "m.mw")
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "__call__", killed)
        first = mw.fit(bars, settings=settings)
    assert first.interrupted
    assert mw.load(tmp_path / "m.mw").card.score is not None, "the quick net is kept"
    again = mw.fit(bars, settings=settings)
    assert again.run == first.run
    assert any(note.startswith("net went on after 1.") for note in again.notes)
    assert not [*tmp_path.glob("**/net.safetensors")], "nothing goes on from it any more"
    assert len(nets) == 2
    assert set(nets[0]) == set(nets[1])
    for name, values in nets[0].items():
        assert values.tobytes() == nets[1][name].tobytes(), name


@pytest.mark.parametrize(
    ("error", "kept", "status"),
    [
        (OutputError("room on the disk", "none"), False, RunStatus.INTERRUPTED),
        (LostError("2 processes to the end", "one"), False, RunStatus.INTERRUPTED),
        (KeyboardInterrupt(), False, RunStatus.INTERRUPTED),
        (RuntimeError("no more"), True, RunStatus.INTERRUPTED),
        (RuntimeError("no more"), False, RunStatus.FAILED),
    ],
)
def test_a_run_that_an_error_ended_is_resumed_where_something_of_it_is_kept(
    error: BaseException, kept: bool, status: RunStatus, bars: Path, tmp_path: Path
) -> None:
    rows = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    asked, settings = mw.Question(""), mw.Settings(store=tmp_path, resume=True)

    def broken() -> None:
        with opened_run(rows, bars, asked, settings, 9.0) as (store, run):
            if kept:
                (store.folder_of(run.id) / CHECKPOINT).touch()
            raise error

    with pytest.raises(type(error)):
        broken()
    assert bool(getattr(error, "__notes__", [])) is kept
    with RunStore(tmp_path) as store:
        (first,) = store.runs()
    assert first.status is status
    with opened_run(rows, bars, asked, settings, 9.0) as (_, again):
        assert (again.id == first.id) is (status is RunStatus.INTERRUPTED)


@pytest.mark.long
def test_a_finished_run_gives_its_model_again(bars: Path, tmp_path: Path) -> None:
    settings = replace(QUICK, store=tmp_path / "runs", out=tmp_path / "one.mw", resume=True)
    one = mw.fit(bars, settings=settings)
    again = mw.fit(bars, settings=replace(settings, out=tmp_path / "again.mw"))
    assert again.run == one.run
    assert (tmp_path / "again.mw").read_bytes() == (tmp_path / "one.mw").read_bytes()
    with RunStore(tmp_path / "runs") as store:
        (run,) = store.runs()
    assert run.status is RunStatus.FINISHED
    assert run.spent > 0
    (tmp_path / "runs" / "runs" / one.run / "model.mw").unlink()
    with pytest.raises(ModelFileError, match="leave --resume out"):
        mw.fit(bars, settings=settings)


def test_a_run_that_is_finished_stays_so(bars: Path, tmp_path: Path) -> None:
    rows = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())

    def broken() -> None:
        settings = mw.Settings(store=tmp_path)
        with opened_run(rows, bars, mw.Question(""), settings, 9.0) as (store, run):
            store.finish(run.id, 0.9, "model.mw")
            raise RuntimeError("too late")

    with pytest.raises(RuntimeError):
        broken()
    with RunStore(tmp_path) as store:
        assert [run.status for run in store.runs()] == [RunStatus.FINISHED]


@pytest.mark.long
def test_a_net_that_fails_leaves_the_quick_one(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = pictures.train_net

    def failing(rows: object, source: object, spec: NetSpec, *given: Any, **named: Any) -> Any:
        if spec.name == "net":
            raise FitError("the loss of a net was no number")
        return usual(rows, source, spec, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(pictures, "train_net", failing)
    result = mw.fit(bars, settings=mw.Settings(trials=2, store=tmp_path))
    assert [line.name for line in result.model.card.leaderboard] == ["quick"]
    assert "net was given up: the loss of a net was no number." in result.notes


@pytest.mark.long
def test_a_fit_that_is_late_begins_nothing_and_says_by_how_much(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_run, "_LATE", 0.01)
    result = mw.fit(bars, time=0.02, settings=mw.Settings(store=tmp_path))
    assert [line.name for line in result.model.card.leaderboard] == ["quick"]
    (note,) = [note for note in result.notes if note.startswith("the time was overrun by ")]
    assert "it went into opening images" in note
    assert ", the quick net " in note
    assert result.score is not None
    assert result.score > 0.7, "it has learned all the same"


@pytest.mark.long
def test_a_resumed_run_never_puts_a_worse_net_in_the_place_of_its_model(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*given: object) -> None:
        raise KeyboardInterrupt

    def worse(*given: Any, **named: Any) -> Any:
        done = usual(*given, **named)
        return replace(done, valid=np.ascontiguousarray(done.valid[:, ::-1]))

    settings = replace(QUICK, store=tmp_path, out=tmp_path / "m.mw", resume=True)
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "look_at_pictures", interrupted)
        first = mw.fit(bars, settings=settings)
    usual, score = pictures.train_net, mw.load(tmp_path / "m.mw").card.score
    monkeypatch.setattr(pictures, "train_net", worse)
    with monkeypatch.context() as patch:
        patch.setattr(pictures, "look_at_pictures", interrupted)
        mw.fit(bars, settings=settings)
    assert mw.load(tmp_path / "m.mw").card.score == score
    again = mw.fit(bars, settings=settings)
    assert (first.interrupted, again.run, again.score) == (True, first.run, score)
    assert [line.name for line in again.leaderboard] == ["quick (earlier)", "quick"]


@pytest.mark.long
def test_nothing_of_a_compiler_is_imported_for_a_net_that_is_loaded() -> None:
    code = (
        "import sys; from modelwright.nets.library import torch\n"
        "from modelwright.nets.quick import QuickForm, QuickNet\n"
        "with torch.device('meta'): QuickNet(QuickForm(3, 24, 24, 2, (8, 16, 16)))\n"
        "print('torch._dynamo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.long
def test_answers_that_are_no_numbers_are_no_net(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        FittedPictures,
        "probabilities",
        lambda self, pixels: np.full((len(pixels), 2), np.nan, np.float32),
    )
    with pytest.raises(FitError, match="no numbers"):
        mw.fit(bars, settings=replace(QUICK, store=tmp_path))


@pytest.mark.long
def test_what_is_kept_of_many_held_out_images_is_of_all_classes(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modelwright.plan.findings.evidence.KEPT", 20)
    result = mw.fit(bars, settings=replace(QUICK, store=tmp_path))
    evidence = result.model.evidence
    assert evidence is not None
    assert len(evidence.y) == len(evidence.p) == 20
    assert set(evidence.y.tolist()) == {0, 1}


def test_two_that_open_the_same_images_do_not_disturb_each_other(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, others = picture_rows._open_all, list[PictureRows]()

    def opened(places: Any, form: Any, into: Any, live: Any) -> Any:
        if not others:
            monkeypatch.setattr(picture_rows, "_open_all", usual)
            others.append(picture_rows.read_pictures(bars, None, tmp_path, 0, live))
        return usual(places, form, into, live)

    monkeypatch.setattr(picture_rows, "_open_all", opened)
    mine = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    assert mine.pixels.any()
    assert (mine.pixels == others[0].pixels).all()
    assert [one.name for one in (tmp_path / "images").iterdir()] == [mine.digest]


def test_a_set_that_nobody_completes_is_taken_away(bars: Path, tmp_path: Path) -> None:
    day = 86_400.0
    ages = {"old.part": 2 * day, "new.part": 60.0, "killed.part": 60.0, "begun.part": 0.0,
            "running.part": 2 * day}  # fmt: skip
    for name, age in ages.items():
        folder = tmp_path / "images" / name
        folder.mkdir(parents=True)
        if name not in ("old.part", "new.part"):
            (folder / "lock").touch()
        os.utime(folder, (time.time() - age,) * 2)
    with lock_file(tmp_path / "images" / "running.part" / "lock"):
        os.utime(tmp_path / "images" / "running.part", (time.time() - 2 * day,) * 2)
        mine = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    left = {one.name for one in (tmp_path / "images").iterdir()}
    assert left == {"new.part", "begun.part", "running.part", mine.digest}
    names = {one.name for one in (tmp_path / "images" / mine.digest).iterdir()}
    assert names == {"pixels.npy", "opened.json"}


def test_a_disk_that_is_full_is_told(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("modelwright.features.opening.reserve", full)
    with pytest.raises(OutputError, match="no space left on device"):
        picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    assert not [*(tmp_path / "images").iterdir()]


def test_a_link_to_nothing_is_an_image_that_cannot_be_opened(bars: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bars, tmp_path / "bars")
    (folder / "train" / "lying" / "x.png").symlink_to(tmp_path / "gone.png")
    rows = picture_rows.read_pictures(folder, None, tmp_path / "store", 0, SilentProgress())
    assert "1 image could not be opened: no such file (1): train/lying/x.png." in rows.notes


def test_images_that_were_out_of_reach_are_tried_again(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(self: Path) -> bytes:
        if self.name == "000.png":
            raise PermissionError(13, "Permission denied")
        return usual(self)

    def read() -> PictureRows:
        return picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())

    usual = Path.read_bytes
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", refused)
        first, same = read(), read()
    assert (len(first.train), len(same.train), len(first.test)) == (298, 298, 78)
    assert first.notes == same.notes
    assert first.notes[-1].startswith("6 images could not be opened: permission denied (6): ")
    (kept,) = (tmp_path / "images").iterdir()
    stamp = kept.stat().st_ino
    again, at_last = read(), read()
    assert (len(again.train), len(again.test), again.notes) == (300, 80, at_last.notes)
    assert "could not be opened" not in " ".join(again.notes)
    assert first.digest == same.digest != again.digest == at_last.digest == kept.name
    assert (kept.stat().st_ino, len([*kept.parent.iterdir()])) == (stamp, 1), "the others are kept"
    fresh = picture_rows.read_pictures(bars, None, tmp_path / "new", 0, SilentProgress())
    assert (again.pixels == fresh.pixels).all()


def test_answers_are_the_same_piece_by_piece(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fitted: mw.Model
) -> None:
    rows = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    net = fitted.members[0].parts[0].fitted
    assert isinstance(net, FittedPictures)
    whole = [
        picture_net.answers_of(rows, net, rows.test, turned=turned) for turned in (False, True)
    ]
    monkeypatch.setattr(picture_net, "_ASKED", 7)
    for turned, answers in zip((False, True), whole, strict=True):
        pieces = picture_net.answers_of(rows, net, rows.test, turned=turned)
        assert np.allclose(pieces, answers, atol=1e-6)
    assert np.allclose(whole[1], net.probabilities(rows.pixels[rows.test][..., ::-1].copy()))


@pytest.mark.parametrize("count", [16, 100, 576, 2_000, 5_000])
def test_few_images_are_learned_in_enough_steps_by_the_quick_net(count: int) -> None:
    spec = picture_net.quick_spec((16,), count)
    assert spec.epochs <= 10
    assert 10 <= spec.epochs * count / spec.batch <= 161
    assert count < 100 or spec.epochs * count / spec.batch >= 60


@pytest.mark.parametrize(
    ("left", "rate", "least"),
    [(-9.0, 1e5, 40 * 128), (-9.0, 100.0, 300), (1.0, 0.0, 40 * 128), (10.0, 1e5, 0)],
)
def test_with_little_time_the_quick_net_learns_in_some_steps_all_the_same(
    left: float, rate: float, least: int
) -> None:
    spec = picture_net.quick_spec((16,), 48_000, left, rate)
    assert spec.least * 48_000 == pytest.approx(least)


@pytest.mark.parametrize("count", [10_000, 48_000, 1_000_000])
def test_many_images_are_seen_once_by_the_quick_net(count: int) -> None:
    spec = picture_net.quick_spec((16,), count)
    assert (spec.epochs, spec.batch) == (1.0, 128)


@pytest.mark.long
def test_bad_images_are_counted_and_left_out(bars: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bars, tmp_path / "bars")
    (folder / "train" / "lying" / "x1.png").write_bytes(b"")
    (folder / "train" / "upright" / "x2.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut")
    (folder / "notes.txt").write_text("mine")
    result = mw.fit(folder, settings=QUICK)
    assert result.model.card.rows == 300
    told = " ".join(result.notes)
    assert "2 images could not be opened: an empty file (1)" in told
    assert "left: 1 file with endings of no image" in told


@pytest.mark.long
def test_classes_that_are_missing_on_one_side_are_told(bars: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bars, tmp_path / "bars")
    shutil.rmtree(folder / "test" / "upright")
    save(folder / "test" / "slanted" / "1.png", draw(0, 1))
    result = mw.fit(folder, settings=QUICK)
    told = " ".join(result.notes)
    assert "1 image of classes that are not under train/ is left out: 'slanted'" in told
    assert "no image of 'upright' among test/" in told
    assert result.test is not None
    assert result.test.rows == 40


@pytest.mark.parametrize(
    ("counts", "cure", "words"),
    [
        ({"a": 3}, "add a folder", "only 'a'"),
        ({"a": 5, "b": 1}, "take the folder away", "1 of 'b'"),
        ({"a": 2, "NA": 2}, "rename", "'NA', which means nothing"),
    ],
)
def test_folders_that_are_no_classes_are_refused(
    tmp_path: Path, counts: dict[str, int], cure: str, words: str
) -> None:
    for name, count in counts.items():
        for i in range(count):
            save(tmp_path / "in" / name / f"{i}.png", draw(0, i))
    with pytest.raises(DataError) as error:
        mw.fit(tmp_path / "in", settings=QUICK)
    assert words in error.value.got
    assert cure in error.value.cure


def test_images_that_none_can_open_are_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "1.png").write_bytes(b"")
    with pytest.raises(DataError, match="an empty file"):
        mw.fit(tmp_path / "in", settings=QUICK)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"settings": mw.Settings(types={"a": "number"})}, "no --types"),
        ({"settings": mw.Settings(models=("linear",))}, "no --models"),
        (
            {"settings": mw.Settings(validation=mw.Validation(folds=3))},
            "got --folds; put",
        ),
        ({"group": "a"}, "no --group"),
        ({"target": "price"}, "folders are the classes"),
        ({"task": "regression"}, "classes to predict"),
        ({"metric": "rmse"}, "a metric for binary"),
    ],
)
def test_what_belongs_to_tables_is_refused(
    bars: Path, given: dict[str, object], words: str
) -> None:
    with pytest.raises(OptionError) as error:
        mw.fit(bars, **given)  # type: ignore[arg-type]
    assert words in str(error.value)


def test_a_model_file_that_was_altered_is_refused(fitted: mw.Model, tmp_path: Path) -> None:
    entries = read_archive(fitted.save(tmp_path / "m.mw"))
    state = json.loads(entries["parts/0/config.json"])
    for change in ({"form": {}}, {"form": {**state["form"], "widths": [6, 9]}}, {"mirrored": 3}):
        altered = {**entries, "parts/0/config.json": json.dumps({**state, **change}).encode()}
        write_archive(tmp_path / "bad.mw", altered, writer="0.1.0")
        with pytest.raises(ModelFileError):
            mw.load(tmp_path / "bad.mw")
    evidence = json.loads(entries["evidence/config.json"])
    for code in (-1, 2):
        evidence["pictures"]["thumbnails"][0]["said"] = code
        altered = {**entries, "evidence/config.json": json.dumps(evidence).encode()}
        write_archive(tmp_path / "bad.mw", altered, writer="0.1.0")
        with pytest.raises(ModelFileError):
            mw.load(tmp_path / "bad.mw")
    cut = {**entries, "parts/0/blob-weights": entries["parts/0/blob-weights"][:200]}
    write_archive(tmp_path / "bad.mw", cut, writer="0.1.0")
    with pytest.raises(ModelFileError):
        mw.load(tmp_path / "bad.mw")


def test_the_best_net_for_the_time_is_larger_for_more_time(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.training.machine import Machine

    work = object.__new__(pictures._Work)
    work.rows = pictures.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    monkeypatch.setattr(pictures._Work, "_is_mirrored", lambda self: True)
    monkeypatch.setattr(
        picture_speed, "speed_of", lambda rows, source, widths, machine: 3e6 / widths[1]
    )
    chosen = []
    for seconds in (1.0, 20.0, 60.0, math.inf):
        monkeypatch.setattr(pictures._Work, "left", seconds)
        work.deadline = None if math.isinf(seconds) else seconds
        work.threads = work.count = 1
        spec, _ = work._choose(None, Machine(1, rows_a_second=1e6))  # type: ignore[arg-type]
        chosen.append(spec.widths[1])
    assert chosen[:3] == sorted(chosen[:3])
    assert chosen[0] < chosen[2]


@pytest.mark.parametrize("there", [True, False])
def test_each_net_is_computed_in_the_precision_that_is_its_fastest(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.training.machine import Machine

    def speed(rows: object, source: object, widths: tuple[int, ...], machine: Machine) -> float:
        return 1e4 / widths[1] * (1.5 if machine.bfloat16 is (widths[1] > 100) else 1.0)

    monkeypatch.setattr(picture_speed, "speed_of", speed)
    monkeypatch.setattr("modelwright.training.machine.multiplies_short", lambda: there)
    for widths in ((16, 48, 64), (64, 256, 256)):
        found = picture_speed.fastest_setting(
            None,
            None,
            widths,
            Machine(1, plain=1.0),
            1,  # type: ignore[arg-type]
        )
        assert found.bfloat16 is (there and widths[1] > 100)
        assert (found.rows_a_second > 0, found.plain) == (True, 0.0)


@pytest.mark.parametrize(
    ("side", "mirrored", "seconds", "grown"),
    [(24, True, 20.0, True), (24, True, 2_000.0, False), (24, False, 20.0, False),
     (20, True, 20.0, False)],
)  # fmt: skip
def test_photographs_are_small_at_first_where_the_time_is_short(
    side: int, mirrored: bool, seconds: float, grown: bool,
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from modelwright.training.machine import Machine

    folder = write_classes(tmp_path / "bars", {"train": 150, "val": 10}, side)
    work = object.__new__(pictures._Work)
    work.rows = pictures.read_pictures(folder, None, tmp_path, 0, SilentProgress())
    work.deadline, work.threads, work.count = seconds, 1, 1
    monkeypatch.setattr(pictures._Work, "left", seconds)
    monkeypatch.setattr(pictures._Work, "_is_mirrored", lambda self: mirrored)
    monkeypatch.setattr(picture_speed, "speed_of", lambda *given: 100.0)
    spec, _ = work._choose(None, Machine(1, rows_a_second=100.0))  # type: ignore[arg-type]
    assert spec.grown is grown
    assert spec.erased is (seconds > 1_000)
    growing = picture_net.growing_of(grown=spec.grown)
    work_left = 1.0 if growing is None else growing.work(1.0)
    seen = (
        100.0
        * (seconds - scoring_seconds(work.rows, 100.0, mirrored=mirrored, moved=spec.moved))
        / work_left
    )
    most = min(picture_net.SPARE * seen / 300, pictures.MOST)
    assert spec.epochs == pytest.approx(most, abs=0.01)


@pytest.mark.parametrize(
    ("held", "tested", "rate", "views", "took"),
    [(2_000, 10_000, 1_000.0, True, 10.4), (2_000, 0, 100.0, False, 13.4)],
)
def test_time_is_kept_back_for_what_scoring_takes(
    held: int, tested: int, rate: float, views: bool, took: float,
    bars: Path, tmp_path: Path
) -> None:  # fmt: skip
    rows = picture_rows.read_pictures(bars, None, tmp_path, 0, SilentProgress())
    rows = replace(rows, valid=np.zeros(held, np.int64), test=np.zeros(tested, np.int64))
    kept = scoring_seconds(rows, rate, mirrored=views, moved=views)
    assert took <= kept <= took + 3.5, "10.4 s: as measured; 13.4 s: all of them twice"


def test_the_report_speaks_of_images_and_shows_what_answers_rest_on(fitted: mw.Model) -> None:
    page = render(fitted)
    assert "from images" in page
    assert "300 images" in page
    assert "What it looks at" in page
    assert "What matters" not in page
    assert "--target" not in page
    shown = fitted.evidence.pictures if fitted.evidence is not None else None
    assert shown is not None
    kinds = [one.kind for one in shown.thumbnails]
    assert kinds.count("example") == kinds.count("saliency") > 0
    for place, kind in enumerate(kinds):
        if kind == "saliency":
            assert kinds[place - 1] == "example"
            assert (shown.pixels[place] <= shown.pixels[place - 1]).all(), "darker, never brighter"


def test_answers_rest_on_the_bars_and_not_on_the_noise_around(fitted: mw.Model) -> None:
    images = np.stack([draw(kind, seed)[None] for kind in (0, 1) for seed in range(900, 912)])
    net = fitted.members[0].parts[0].fitted
    said = net.probabilities(images).argmax(axis=1)
    heat = net.saliency(images, said)
    assert heat.shape == (24, 12, 12)
    assert 0 <= heat.min() <= heat.max() <= 1
    bars = images[:, 0] > 200
    assert heat[bars].mean() > 1.3 * heat[~bars].mean()


@pytest.mark.long
def test_what_is_wrong_with_the_images_stands_in_the_notes(bars: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    shutil.copytree(bars, folder)
    for i in range(12):
        copy = folder / "val" / "lying" / f"c{i}.png"
        shutil.copy(folder / "train" / "lying" / f"{i:03}.png", copy)
    settings = replace(QUICK, out=tmp_path / "a.mw", store=tmp_path / "s")
    notes = mw.fit(folder, settings=settings).model.card.notes
    assert any(note.startswith("12 of 72 held-out images are among the 300") for note in notes)


def test_images_that_are_all_for_the_test_are_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "in", {"test": 3, "val": 3})
    with pytest.raises(DataError, match="under train/; got 12 under other folders"):
        mw.fit(tmp_path / "in", settings=QUICK)


@pytest.mark.long
def test_a_calibration_without_memory_takes_fewer_rows(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.nets.quick import QuickNet

    usual, seen = QuickNet.forward, list[int]()

    def little(self: QuickNet, pixels: Any) -> Any:
        seen.append(len(pixels))
        if self.training and len(pixels) > 10:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to...")
        return usual(self, pixels)

    monkeypatch.setattr(QuickNet, "forward", little)
    result = mw.fit(bars, time="3s", settings=mw.Settings(store=tmp_path))
    assert any("memory ran out" in note for note in result.notes)
    monkeypatch.setattr(QuickNet, "forward", lambda self, x: little(self, x.repeat(30, 1, 1, 1)))
    with pytest.raises(FitError, match="no memory to learn from 1 row"):
        mw.fit(bars, time="3s", settings=mw.Settings(store=tmp_path / "other"))


def test_a_folder_without_images_gets_no_answer(
    fitted: mw.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, new, out = tmp_path / "m.mw", tmp_path / "new", tmp_path / "answers.csv"
    fitted.save(model)
    (new / "inbox").mkdir(parents=True)
    assert main(["predict", str(model), str(new), "--out", str(out)]) == 0
    assert "0 rows" in capsys.readouterr().out
    names = ["image", "prediction", *(f"p_{name}" for name in fitted.task.classes)]
    assert out.read_text() == ",".join(names) + "\n"
    # another folder than the one that was meant
    (new / "notes.txt").write_text("no image")
    assert main(["predict", str(model), str(new), "--out", str(out)]) == 2
    assert main(["evaluate", str(model), str(tmp_path / "new")]) == 2
