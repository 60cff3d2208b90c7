"""From a folder of images to a backbone, and from a backbone to a model."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")
pytest.importorskip("PIL", reason="Pillow is not installed (extra deep)")

import modelwright as mw
from modelwright.cli import main
from modelwright.core.errors import (
    DataError,
    FitError,
    ModelFileError,
    OptionError,
    OutputError,
)
from modelwright.core.progress import SilentProgress
from modelwright.core.settings import ImageSettings
from modelwright.nets.backbone_file import BackboneCard, read_backbone
from modelwright.nets.checkpoint import write_weights
from modelwright.nets.resnet import resnet
from modelwright.plan.images import fit as pictures
from modelwright.plan.images import pretraining
from modelwright.plan.images.pretraining import Pretraining, _with_time, pretrain
from modelwright.plan.images.rows import read_pictures
from modelwright.plan.images.seen import seen_before
from modelwright.plan.images.transfer import Transfer
from modelwright.report import render
from modelwright.store.tensors import read_tensors
from pictured import draw, save, write_classes

SMALL = (6, 12)


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lying and upright bars."""
    folder = tmp_path_factory.mktemp("bars")
    return write_classes(folder, {"train": 60, "val": 20, "test": 20})


@pytest.fixture(scope="module")
def backbone(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backbone that knows bars."""
    folder = tmp_path_factory.mktemp("backbone")
    settings = Pretraining("supervised", epochs=6, widths=SMALL, store=folder)
    pretrain(bars, folder / "bars.mw", settings=settings)
    return folder / "bars.mw"


@pytest.fixture(scope="module")
def fitted(bars: Path, backbone: Path, tmp_path_factory: pytest.TempPathFactory) -> mw.Result:
    """A model that starts from it."""
    folder = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "USUAL", 3)
        settings = ImageSettings(trials=2, out=folder / "m.mw", store=folder, backbones=(backbone,))
        return mw.fit(bars, settings=settings)


def test_a_backbone_says_where_it_comes_from(backbone: Path, bars: Path) -> None:
    net, card = read_backbone(backbone)
    assert (card.method, card.source, card.classes, card.images) == (
        "supervised", bars.name, 2, 120,
    )  # fmt: skip
    assert card.epochs == 6
    assert card.score is not None
    assert card.score > 0.8
    assert len(card.weights) == 64
    assert net.sight.side == 12


@pytest.mark.long
@pytest.mark.parametrize("method", ["contrastive", "masked"])
def test_images_without_classes_are_enough(method: str, tmp_path: Path) -> None:
    for i in range(40):
        save(tmp_path / "in" / f"{i}.png", draw(i % 2, i))
    found = []
    for name in ("a.mw", "b.mw"):
        settings = Pretraining(method, epochs=2, widths=SMALL, store=tmp_path / name[0])
        card = pretrain(tmp_path / "in", tmp_path / name, settings=settings)
        found.append(card.weights)
    assert found[0] == found[1], "the same again"
    assert (card.method, card.images, card.classes, card.score) == (method, 40, 0, None)
    assert card.loss is not None
    told = Pretraining(epochs=1, widths=SMALL, store=tmp_path)
    assert pretrain(tmp_path / "in", tmp_path / "c.mw", settings=told).method == "contrastive"


def test_images_under_val_and_test_are_never_learned_from(bars: Path, tmp_path: Path) -> None:
    settings = Pretraining("contrastive", epochs=1, widths=SMALL, store=tmp_path)
    assert pretrain(bars, tmp_path / "a.mw", settings=settings).images == 120
    told = replace(settings, method=None)
    assert pretrain(bars, tmp_path / "b.mw", settings=told).method == "supervised"


@pytest.mark.long
def test_an_interrupted_pretraining_goes_on(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.plan.images import course as picture_course
    from modelwright.training.checkpoints import Keeper
    from modelwright.training.loop import Training

    monkeypatch.setattr(picture_course, "_KEPT", 0.0)
    settings = Pretraining("contrastive", epochs=3, widths=SMALL)
    whole = pretrain(bars, tmp_path / "a.mw", settings=replace(settings, store=tmp_path / "a"))

    def killed(self: Keeper, training: Training) -> None:
        usual(self, training)
        if training.done == 1 and training.at == 2:
            raise KeyboardInterrupt

    usual = Keeper.__call__
    settings = replace(settings, store=tmp_path / "b")
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "__call__", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(bars, tmp_path / "b.mw", settings=settings)
    assert not (tmp_path / "b.mw").exists()
    assert len([*(tmp_path / "b" / "pretraining").glob("*.safetensors")]) == 1
    again = pretrain(bars, tmp_path / "b.mw", settings=settings)
    assert again.weights == whole.weights
    assert not [*(tmp_path / "b" / "pretraining").glob("*.safetensors")]


def test_a_fit_starts_from_it_and_says_so(fitted: mw.Result) -> None:
    assert {line.name for line in fitted.leaderboard} == {"features", "fine-tuned"}
    assert fitted.score is not None
    assert fitted.score > 0.8
    told = " ".join(fitted.notes)
    for words in (
        "bars.mw: a linear probe on its features at 12 pixels",
        "with random weights",
        "features: the backbone stood still",
        "fine-tuned: AdamW at a rate of",
        "held-out images",
    ):
        assert words in told
    page = render(fitted.model)
    assert "supervised on 120 images" in page
    assert "quick (channels 1" in page


def test_its_model_is_a_model_like_others(fitted: mw.Result, bars: Path, tmp_path: Path) -> None:
    path = fitted.model.save(tmp_path / "m.mw")
    model = mw.load(path)
    answers = model.predict(bars / "test")
    assert answers.columns == ["image", "prediction", "p_lying", "p_upright"]
    assert fitted.test is not None
    assert model.evaluate(bars / "test")["accuracy"] == fitted.test.score
    net, card = read_backbone(path)
    assert card.method == "fit"
    assert net.features == SMALL[-1]


@pytest.mark.long
def test_one_trial_is_the_features_and_the_same_again(
    bars: Path, backbone: Path, tmp_path: Path
) -> None:
    scores = []
    for name in "ab":
        settings = ImageSettings(trials=1, store=tmp_path / name, backbones=(backbone,))
        result = mw.fit(bars, settings=settings)
        assert [line.name for line in result.leaderboard] == ["features"]
        part = result.model.members[0].parts[0].fitted
        scores.append(part.export().blobs["weights"])  # type: ignore[attr-defined]
    assert scores[0] == scores[1]


@pytest.mark.long
def test_of_several_the_one_that_suits_best_is_taken(
    bars: Path, backbone: Path, tmp_path: Path
) -> None:
    other = tmp_path / "random.safetensors"
    write_weights(other, resnet(8, classes=3, width=4, stem="cifar", channels=1).state_dict())
    settings = ImageSettings(trials=1, store=tmp_path, backbones=(other, backbone))
    result = mw.fit(bars, settings=settings)
    told = " ".join(result.notes)
    assert "random.safetensors: a linear probe" in told
    assert "of 2 backbones bars.mw suits best" in told


@pytest.mark.long
def test_published_weights_become_a_model(bars: Path, tmp_path: Path) -> None:
    path = tmp_path / "resnet8.safetensors"
    write_weights(path, resnet(8, classes=10, width=8, stem="cifar").state_dict())
    result = mw.fit(bars, settings=ImageSettings(trials=1, store=tmp_path, backbones=(path,)))
    assert result.model.predict(bars / "test").height == 40
    assert "mean and spread that timm uses" in " ".join(result.notes)


@pytest.mark.long
def test_an_interrupted_tuning_goes_on(
    bars: Path, backbone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.plan.images import course as picture_course
    from modelwright.training.checkpoints import Keeper
    from modelwright.training.loop import Training

    monkeypatch.setattr(pictures, "USUAL", 3)
    monkeypatch.setattr(picture_course, "_KEPT", 0.0)
    tuned, nets = Transfer.tuned, list[dict[str, Any]]()

    def kept(*given: Any) -> Any:
        done = tuned(*given)
        nets.append(read_tensors(given[-1])[0])
        return done

    monkeypatch.setattr(Transfer, "tuned", kept)
    settings = ImageSettings(trials=2, resume=True, backbones=(backbone,))
    mw.fit(bars, settings=replace(settings, store=tmp_path / "whole"))

    def killed(self: Keeper, training: Training) -> None:
        usual(self, training)
        if training.done == 1 and training.at == 3:
            raise KeyboardInterrupt

    usual = Keeper.__call__
    settings = replace(settings, store=tmp_path / "parts")
    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "__call__", killed)
        assert mw.fit(bars, settings=settings).interrupted
    again = mw.fit(bars, settings=settings)
    assert any(note.startswith("fine-tuned went on after 1.") for note in again.notes)
    assert not [*tmp_path.glob("**/net.safetensors")], "nothing goes on from it any more"
    assert len(nets) == 2
    for name, values in nets[0].items():
        assert values.tobytes() == nets[1][name].tobytes(), name


@pytest.mark.long
def test_from_the_command_line(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net, out = tmp_path / "b.mw", tmp_path / "m.mw"
    assert main(["pretrain", str(bars), "--out", str(net), "--time", "3s", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["card"]["method"] == "supervised"
    assert told["card"]["epochs"] > 0
    words = ["fit", str(bars), "--from", str(net), "--time", "5s", "--out", str(out), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert "features" in {line["name"] for line in told["leaderboard"]}
    assert main(["evaluate", str(out), str(bars), "--json"]) == 0
    capsys.readouterr()
    assert (
        main(["pretrain", str(bars), "--out", str(net), "--epochs", "1", "--method", "masked"]) == 0
    )
    assert f"next: modelwright fit DATA --from {net}" in capsys.readouterr().out


@pytest.mark.long
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["pretrain", "no-such-folder", "--out", "a.mw"], "a folder or zip of images"),
        (["pretrain", "{bars}", "--out", "a.mw", "--method", "magic"], "--method"),
        (["pretrain", "{bars}", "--out", "a.mw", "--epochs", "0"], "--epochs above zero"),
        (["pretrain", "{bars}", "--out", "no/such/a.mw"], "create the folder first"),
        (["fit", "{bars}", "--from", "none.mw"], "no such file"),
        (["fit", "{bars}", "--from", "{folder}"], "a folder"),
        (["fit", "{bars}", "--from", "{text}"], "a safetensors file"),
        (["fit", "{bars}", "--from", "{strange}"], "'encoder.weight'"),
        (["fit", "{table}", "--target", "b", "--from", "{net}"], "no --from beside a table"),
        (["predict", "{net}", "{bars}", "--out", "p.csv"], "fit from it"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    words: list[str],
    said: str,
    bars: Path,
    backbone: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import torch

    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.mw").write_text("no backbone at all")
    (tmp_path / "rows.csv").write_text("a,b\n" + "1,2\n3,4\n" * 20)
    write_weights(tmp_path / "x.safetensors", {"encoder.weight": torch.zeros(2)})
    places = {
        "bars": bars, "net": backbone, "text": tmp_path / "notes.mw", "folder": tmp_path,
        "table": tmp_path / "rows.csv", "strange": tmp_path / "x.safetensors",
    }  # fmt: skip
    assert main([word.format(**places) for word in words]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert said in errors[-1]
    assert errors[-1].startswith("error: expected ")


def test_too_few_images_and_wrong_settings_are_refused(tmp_path: Path) -> None:
    for i in range(4):
        save(tmp_path / "in" / f"{i}.png", draw(0, i))
    with pytest.raises(DataError, match="at least 16 images"):
        pretrain(tmp_path / "in", tmp_path / "a.mw", settings=Pretraining("contrastive"))
    with pytest.raises(DataError):
        pretrain(tmp_path / "in", tmp_path / "a.mw", settings=Pretraining("supervised"))
    with pytest.raises(OptionError, match="tuple of files"):
        ImageSettings(backbones="a.mw")  # type: ignore[arg-type]


def test_a_backbone_that_had_no_time_is_refused_or_says_so() -> None:
    card = BackboneCard("contrastive", "photos", images=40)
    with pytest.raises(FitError, match=r"nothing was learned of 40 images: 9 s .*--time"):
        _with_time(card, 9.0)
    (note,) = _with_time(replace(card, epochs=0.4), 9.0).notes
    assert note.startswith("there was no time for a single epoch (0.40)")
    assert _with_time(replace(card, epochs=1.0), 9.0).notes == ()


@pytest.mark.parametrize("method", ["masked", "supervised"])
def test_a_backbone_that_cannot_be_written_is_not_learned_again(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def refused(*given: object) -> None:
        raise OutputError("to be able to write", "no space left on device")

    settings = Pretraining(method, epochs=1, widths=SMALL, store=tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("modelwright.nets.backbone_file.write_backbone", refused)
        with pytest.raises(OutputError):
            pretrain(bars, tmp_path / "a.mw", settings=settings)
    card = pretrain(bars, tmp_path / "a.mw", settings=settings)
    assert any(note.startswith("backbone went on after 1.00 epochs") for note in card.notes)
    assert card.epochs == 1.0
    assert not [*(tmp_path / "pretraining").glob("*.safetensors")]


def test_a_few_steps_are_not_told_as_an_epoch(
    bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from modelwright.training.machine import Machine

    monkeypatch.setattr(pretraining._Work, "_machine", lambda *given: Machine(1))
    monkeypatch.setattr("modelwright.training.machine.measure", lambda *given: 0.01)
    settings = Pretraining("masked", widths=SMALL, store=tmp_path)
    card = pretrain(bars, tmp_path / "a.mw", time=60.0, settings=settings)
    assert card.epochs in (0.25, 0.5)
    assert card.notes[-1].startswith("there was no time for a single epoch")
    assert [one.name for one in tmp_path.iterdir() if one.is_dir()] == ["images"], "no checkpoint"


@pytest.mark.long
def test_what_is_wrong_with_the_images_is_told_beside_a_backbone_too(
    bars: Path, backbone: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(bars, tmp_path / "bars")
    for i in range(12):
        copy = folder / "val" / "lying" / f"c{i}.png"
        shutil.copy(folder / "train" / "lying" / f"{i:03}.png", copy)
    settings = ImageSettings(trials=1, store=tmp_path / "s", backbones=(backbone,))
    notes = mw.fit(folder, settings=settings).model.card.notes
    assert any(note.startswith("12 of 52 held-out images are among the 120") for note in notes)


@pytest.mark.long
@pytest.mark.parametrize(("seed", "told"), [(0, False), (1, True)])
def test_a_backbone_that_knows_what_is_held_out_is_told(
    seed: int, told: bool, tmp_path: Path
) -> None:
    folder = write_classes(tmp_path / "in", {"": 40})
    mw.fit(folder, settings=mw.Settings(trials=1, store=tmp_path, out=tmp_path / "m.mw"))
    settings = ImageSettings(trials=1, store=tmp_path, seed=seed, backbones=(tmp_path / "m.mw",))
    notes = mw.fit(folder, settings=settings).model.card.notes
    assert any("has learned most of the images that are held out here" in n for n in notes) is told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"seed": 2}, "learned these very images by another draw"),
        ({"seed": None}, "was among them"),  # of an earlier version
        ({"data": "other"}, "was among them"),
        ({"data": "other", "classes": 3}, ""),
        ({"seed": 2, "method": "contrastive"}, ""),
    ],
)
def test_what_a_backbone_may_know_of_held_out_images_depends_on_its_card(
    change: dict[str, Any], said: str, tmp_path: Path
) -> None:
    folder = write_classes(tmp_path / "in", {"": 5})
    rows = read_pictures(folder, None, tmp_path, 1, SilentProgress())
    card = BackboneCard("supervised", "in", rows.digest, 8, 2, seed=1)
    told = " ".join(seen_before("b.mw", replace(card, **change), rows))
    assert said in told
    assert bool(said) is bool(told)


def test_images_that_are_held_out_as_given_were_so_before(bars: Path, tmp_path: Path) -> None:
    rows = read_pictures(bars, None, tmp_path, 1, SilentProgress())
    card = BackboneCard("fit", "in", rows.digest, 120, 2, seed=0)
    assert (rows.seed, seen_before("b.mw", card, rows)) == (None, ())


@pytest.mark.long
def test_a_model_of_a_table_is_no_backbone(tmp_path: Path, bars: Path) -> None:
    x = np.linspace(0, 1, 60)
    settings = mw.Settings(trials=1, workers=0, out=tmp_path / "t.mw")
    mw.fit({"x": x, "y": 3 * x + np.sin(40 * x)}, "y", settings=settings)
    with pytest.raises(ModelFileError, match="a model of images"):
        mw.fit(bars, settings=ImageSettings(trials=1, backbones=(tmp_path / "t.mw",)))
