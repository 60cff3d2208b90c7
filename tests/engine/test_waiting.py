from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from modelwright.engine.jobs import Job
from modelwright.engine.waiting import Item, choose


def item(cores: int) -> Item:
    return Item(Job("x", "modelwright.testing.jobs:echo"), "{}", cores)


def test_first_come_first_served() -> None:
    first, second = item(1), item(1)
    assert choose([first, second], 2) is first


def test_gap_is_filled_only_for_a_while() -> None:
    big = item(2)
    starts = [choose([big, item(1)], 1) for _ in range(10)]
    assert sum(start is not None for start in starts) == 4
    assert choose([big, item(1)], 2) is big


@given(st.lists(st.integers(1, 4), min_size=1, max_size=30))
def test_every_job_starts_and_none_is_overtaken_often(wanted: list[int]) -> None:
    waiting = [item(cores) for cores in wanted]
    order = {id(each): place for place, each in enumerate(waiting)}
    running: list[Item] = []
    started: list[Item] = []
    while waiting or running:
        chosen = choose(waiting, 4 - sum(each.cores for each in running))
        if chosen is None:
            assert running, "a queue with an idle machine stands still"
            running.pop(0)
        else:
            waiting.remove(chosen)
            running.append(chosen)
            started.append(chosen)
    for place, each in enumerate(started):
        before = [other for other in started[:place] if order[id(other)] > order[id(each)]]
        assert len(before) <= 4
