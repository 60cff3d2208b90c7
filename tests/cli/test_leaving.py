from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import atexit, sys
{loaded}
atexit.register(lambda: print("torn down"))
sys.argv = ["modelwright", {argument!r}]
from modelwright.__main__ import run
sys.exit(run())
"""


@pytest.mark.parametrize(("argument", "code"), [("--version", 0), ("no-such-command", 2)])
@pytest.mark.parametrize("loaded", ["", "sys.modules['torch'] = object()"])
def test_everything_is_written_before_a_process_with_pytorch_ends_at_once(
    argument: str, code: int, loaded: str
) -> None:
    script = SCRIPT.format(argument=argument, loaded=loaded)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == code
    assert len((done.stdout if code == 0 else done.stderr).splitlines()) >= 1
    assert ("torn down" in done.stdout) == (not loaded)
