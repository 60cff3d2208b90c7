"""What every test stands on: a store of its own, and the shared real data."""

from __future__ import annotations

import gc
import itertools
import os
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

# Tests run side by side, one process a core: threads within one would only wait for each other.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

# How long an example takes is a matter of the machine. The same commit gives the same answer
# twice; `make test-slow` looks for new examples, and for more, with the profile "search".
settings.register_profile("tests", deadline=None, derandomize=True, max_examples=30)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=200)
settings.load_profile("tests")

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


def pytest_collection_finish() -> None:
    """Let the collector of garbage pass over what stays to the end: a million parts of tests."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let libraries take down what they made, or they tell of leaks."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def no_power_cuts() -> Iterator[None]:
    """Wait for no disk: what a test writes need not outlast a power cut."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda handle: None)
        patch.setattr("modelwright.store.database._SYNCHRONOUS", "OFF")
        yield


@pytest.fixture(autouse=True)
def the_same_draws() -> None:
    """Start each test at the same place of the shared generators, whatever ran before it."""
    random.seed(0)
    np.random.seed(0)
    if "torch" in sys.modules:
        # torch.manual_seed keeps a whole traceback for each kind of device that is not there
        sys.modules["torch"].default_generator.manual_seed(0)


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Count up the places of the tests' stores."""
    folder = tmp_path_factory.mktemp("stores")
    return (folder / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def private_store(stores: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the runs of a test out of the user's data folder."""
    store = next(stores)
    store.mkdir()
    monkeypatch.setenv("MODELWRIGHT_STORE", str(store))
    return store


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Give a function that puts bytes into a pipe, and its other end in place of standard input."""
    with ExitStack() as stack:

        def put(data: bytes) -> None:
            assert len(data) < 2**16, "more than a pipe holds"
            reader, writer = os.pipe()
            stdin = stack.enter_context(open(reader, encoding="utf-8"))
            with open(writer, "wb") as into:
                into.write(data)
            monkeypatch.setattr("sys.stdin", stdin)

        yield put


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data sets that lies beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no shared data at {SHARED_DATA}")
    return SHARED_DATA
