"""Which norm suits the data, and why."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.core.errors import OptionError, did_you_mean

__all__ = ["NormChoice", "recommend_norm"]

_FEW = 16
"""Rows a batch below which its statistics are too rough (Wu and He 2018, figure 1)."""

_KINDS = ("image", "sequence", "table", "text")


@dataclass(frozen=True)
class NormChoice:
    """A norm, and why this one.

    Parameters
    ----------
    norm : str
        ``"batch"``, ``"group"``, ``"instance"``, ``"layer"`` or ``"rms"``.
    reason : str
        What about the data asks for it.
    source : str
        Who found that out.
    """

    norm: str
    reason: str
    source: str

    def __str__(self) -> str:
        return f"{self.norm} norm: {self.reason} ({self.source})"


def recommend_norm(
    modality: str,
    *,
    batch: int,
    rows: int | None = None,
    variable_length: bool = False,
    attention: bool = False,
    style: bool = False,
) -> NormChoice:
    """Say which norm suits a net for this data.

    Parameters
    ----------
    modality : str
        ``"image"``, ``"sequence"``, ``"table"`` or ``"text"``.
    batch : int
        Rows a step, on one device.
    rows : int, optional
        Training rows: a batch is never larger.
    variable_length : bool
        Whether rows differ in length, or new ones may be longer than those of training.
    attention : bool
        Whether the net is a Transformer.
    style : bool
        Whether contrast and brightness of a picture are to be taken off, as in drawing anew.

    Returns
    -------
    NormChoice

    Raises
    ------
    OptionError
        When there is no such modality, or no row a batch.

    Examples
    --------
    >>> print(recommend_norm("image", batch=128))
    batch norm: batches of 128 images give steady statistics (Ioffe and Szegedy 2015)
    >>> recommend_norm("image", batch=4).norm, recommend_norm("text", batch=128).norm
    ('group', 'layer')
    """
    if modality not in _KINDS:
        raise OptionError("a modality", repr(modality), did_you_mean(modality, _KINDS))
    if batch < 1:
        raise OptionError("at least 1 row a batch", str(batch))
    seen = batch if rows is None else min(batch, rows)
    if modality in ("sequence", "text"):
        return _sequence(variable_length, attention)
    if attention:
        return NormChoice(
            "layer", "a Transformer trains with a norm of each place", "Dosovitskiy et al. 2021"
        )
    if modality == "image" and style:
        return NormChoice(
            "instance", "contrast and brightness are style here", "Ulyanov et al. 2016"
        )
    if seen >= _FEW:
        what = "images" if modality == "image" else "rows"
        return NormChoice(
            "batch", f"batches of {seen} {what} give steady statistics", "Ioffe and Szegedy 2015"
        )
    reason = f"statistics of {seen} rows are rough: each row is taken by itself"
    if modality == "image":
        return NormChoice("group", reason, "Wu and He 2018")
    return NormChoice("layer", reason, "Ba, Kiros and Hinton 2016")


def _sequence(variable_length: bool, attention: bool) -> NormChoice:
    if variable_length:
        reason = "statistics of a batch would mix padding and lengths, and know no later step"
        return NormChoice("layer", reason, "Ba, Kiros and Hinton 2016")
    if attention:
        reason = "a Transformer trains with a norm of each place"
        return NormChoice("layer", reason, "Vaswani et al. 2017")
    reason = "statistics differ from step to step, those of a place do not"
    return NormChoice("layer", reason, "Ba, Kiros and Hinton 2016")
