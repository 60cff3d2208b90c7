"""Attention: written out, fused and PyTorch's own give the same; masks; heads drawn apart."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed (extra deep)")

from modelwright.core.errors import OptionError  # noqa: E402
from modelwright.nets.layers.attention import (  # noqa: E402
    MultiHeadAttention,
    attend,
    causal_mask,
    padding_mask,
)
from modelwright.nets.library import nn, reproducible  # noqa: E402

LENGTHS = torch.tensor([5, 2, 3])
KEPT = padding_mask(LENGTHS, 5)


@pytest.fixture(autouse=True)
def seeded() -> object:
    with reproducible(seed=1):
        yield


def pair() -> tuple[MultiHeadAttention, nn.MultiheadAttention]:
    layer = MultiHeadAttention(8, 2).double()
    theirs = nn.MultiheadAttention(8, 2, batch_first=True).double()
    with torch.no_grad():
        for bias in (layer.qkv.bias, layer.proj.bias):
            bias.normal_()
        theirs.in_proj_weight.copy_(layer.qkv.weight)
        theirs.in_proj_bias.copy_(layer.qkv.bias)
        theirs.out_proj.weight.copy_(layer.proj.weight)
        theirs.out_proj.bias.copy_(layer.proj.bias)
    return layer, theirs


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("padded", [False, True])
def test_three_forms_give_the_same(causal: bool, padded: bool) -> None:
    layer, theirs = pair()
    x = torch.randn(3, 5, 8, dtype=torch.float64)
    kept = KEPT if padded else None
    y = layer(x, causal=causal, kept=kept)
    torch.testing.assert_close(layer.written_out(x, causal=causal, kept=kept), y)
    wanted, shares = theirs(
        x,
        x,
        x,
        attn_mask=~causal_mask(5) if causal else None,
        key_padding_mask=~KEPT if padded else None,
        average_attn_weights=False,
    )
    torch.testing.assert_close(y, wanted)
    torch.testing.assert_close(layer.looks(x, causal=causal, kept=kept), shares)


@pytest.mark.parametrize("form", ["forward", "written_out"])
def test_gradients_of_attention(form: str) -> None:
    layer, _ = pair()
    x = torch.randn(2, 4, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: getattr(layer, form)(x, causal=True), (x,))


def test_a_step_sees_no_later_one() -> None:
    layer, _ = pair()
    x = torch.randn(1, 5, 8, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(x, causal=True)[0, 2].sum(), x)
    assert slope[0, 3:].abs().max() == 0
    assert slope[0, :3].abs().min(dim=1).values.max() > 0


def test_padding_is_not_looked_at() -> None:
    layer, _ = pair()
    x = torch.randn(3, 5, 8, dtype=torch.float64)
    other = torch.where(KEPT[:, :, None], x, 100.0)
    torch.testing.assert_close(layer(x, kept=KEPT)[KEPT], layer(other, kept=KEPT)[KEPT])
    assert layer.looks(x, kept=KEPT)[1, :, :, 2:].abs().max() == 0


def test_shares_sum_to_one_and_a_blind_query_gets_nothing() -> None:
    query, key, value = torch.randn(3, 2, 4, 6, dtype=torch.float64).unbind(0)
    mask = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 0, 1]]).bool()
    values, shares = attend(query, key, value, mask)
    torch.testing.assert_close(shares.sum(dim=-1)[:, [0, 2, 3]], torch.ones(2, 3).double())
    assert values[:, 1].abs().max() == 0
    torch.testing.assert_close(values[:, 3], value[:, 3])
    fused = nn.functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    torch.testing.assert_close(values, fused)


def test_the_root_keeps_scores_at_the_size_of_one() -> None:
    query, key = torch.randn(2, 64, 32, 256, dtype=torch.float64).unbind(0)
    scores = query @ key.mT
    assert 200 < scores.var() < 320
    assert 0.8 < (scores / 16).var() < 1.25


def test_heads_are_drawn_each_by_itself() -> None:
    layer = MultiHeadAttention(64, 4, family="orthogonal")
    for block in layer.qkv.weight.detach().chunk(12):
        torch.testing.assert_close(block @ block.T, torch.eye(16), atol=1e-5, rtol=0)
    blocks = torch.stack(layer.qkv.weight.detach().chunk(12)).flatten(1)
    alike = nn.functional.cosine_similarity(blocks[:, None], blocks[None], dim=2)
    assert (alike - torch.eye(12)).abs().max() < 0.2  # none begins as another one
    # fans of a head, not of all of them together
    bound = (6 / (64 + 16)) ** 0.5
    most = MultiHeadAttention(64, 4).qkv.weight.abs().max().item()
    assert 0.95 * bound < most <= bound


def test_heads_that_begin_alike_learn_alike() -> None:
    layer, _ = pair()
    with torch.no_grad():
        for block in layer.qkv.weight.chunk(6)[1::2]:
            block.copy_(layer.qkv.weight.chunk(6)[0])
        layer.qkv.weight.copy_(layer.qkv.weight[:4].repeat(6, 1))
        layer.qkv.bias.zero_()
        layer.proj.weight.copy_(layer.proj.weight[:, :4].repeat(1, 2))
    x = torch.randn(3, 5, 8, dtype=torch.float64)
    layer(x).square().sum().backward()
    grads = layer.qkv.weight.grad.reshape(3, 2, 4, 8)
    torch.testing.assert_close(grads[:, 0], grads[:, 1])


def test_masks_are_refused_when_they_cannot_be() -> None:
    with pytest.raises(OptionError, match="from 0 to 5"):
        padding_mask(torch.tensor([6]), 5)
    with pytest.raises(OptionError, match="divides the width 8"):
        MultiHeadAttention(8, 3)
    assert padding_mask(torch.tensor([], dtype=torch.int64), 3).shape == (0, 3)
