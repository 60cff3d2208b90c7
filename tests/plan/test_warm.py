from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.long
def test_a_worker_wakes_up_without_pandas_and_may_ask_for_it_later() -> None:
    pytest.importorskip("pandas")
    script = (
        "import sys, modelwright.plan.warm\n"
        "assert {'lightgbm', 'sklearn.tree'} <= set(sys.modules)\n"
        "assert 'pandas' not in sys.modules\n"
        "import pandas\n"
        "print(pandas.DataFrame({'a': [1]}).shape)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "(1, 1)", done.stderr
