"""What every test stands on: a store of its own, and the shared real data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes is a matter of the machine.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"


@pytest.fixture(autouse=True)
def private_store(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Keep the runs of a test out of the user's data folder."""
    store = tmp_path_factory.mktemp("store")
    monkeypatch.setenv("MODELWRIGHT_STORE", str(store))
    return store


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Give the folder of real data sets that lies beside the checkout."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no shared data at {SHARED_DATA}")
    return SHARED_DATA
