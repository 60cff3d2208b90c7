from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import psutil
import pytest

from modelwright.core.errors import OptionError, OutputError
from modelwright.engine import platform


@pytest.mark.long
def test_process_started_counts_the_interpreter() -> None:
    script = (
        "import time; time.sleep(0.3)\n"
        "from modelwright.engine.platform import process_started\n"
        "print(time.monotonic() - process_started())"
    )
    start = time.monotonic()
    out = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    elapsed = time.monotonic() - start
    assert 0.3 <= float(out.stdout) <= elapsed + 0.05


@pytest.fixture
def cgroups(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "mount" / "a" / "b").mkdir(parents=True)
    membership = tmp_path / "cgroup"
    membership.write_text("0::/a/b\n")
    return tmp_path / "mount", membership


@pytest.mark.parametrize(
    ("cores", "own", "share", "busy"), [(2, 2, 50.0, 1.0), (64, 2, 50.0, 0.0), (64, 2, 99.0, 1.36)]
)
def test_cores_that_others_have_count_as_busy_first(
    monkeypatch: pytest.MonkeyPatch, cores: int, own: int, share: float, busy: float
) -> None:
    spent = iter([(5.0, 100.0, 3.0), (7.0, 100.0 + 2.0 * cores * share / 100 + 1.5, 4.5)])
    monkeypatch.setattr(platform, "_spent", lambda: next(spent))
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(platform, "core_count", lambda: own)
    assert platform.Neighbours().busy() == pytest.approx(busy), "without what it took itself"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell what children took")
def test_workers_that_are_gone_were_no_others() -> None:
    work = "import time\nwhile time.process_time() < 0.5: pass"
    _, _, before = platform._spent()
    subprocess.run([sys.executable, "-c", work], check=True)
    assert platform._spent()[2] - before > 0.4  # told in hundredths


def test_version_2_limits_of_ancestors_count(cgroups: tuple[Path, Path]) -> None:
    root, membership = cgroups
    (root / "a" / "memory.max").write_text("1000\n")
    (root / "a" / "memory.current").write_text("700\n")
    (root / "a" / "memory.stat").write_text("anon 500\ninactive_file 150\n")
    (root / "a" / "b" / "memory.max").write_text("max\n")
    (root / "a" / "b" / "memory.current").write_text("600\n")
    (root / "a" / "b" / "cpu.max").write_text("150000 100000\n")
    (root / "a" / "cpu.max").write_text("max 100000\n")
    folders = platform._cgroup_folders("memory", root, membership)
    assert folders == [root / "a" / "b", root / "a", root]
    assert [platform._memory_room(folder) for folder in folders] == [None, 450, None]
    assert [platform._cpu_quota(folder) for folder in folders] == [1.5, None, None]


def test_version_1_and_a_path_of_the_host(tmp_path: Path) -> None:
    folder = tmp_path / "mount" / "memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("1000")
    (folder / "memory.usage_in_bytes").write_text("900")
    (folder / "cpu.cfs_quota_us").write_text("-1")
    (folder / "cpu.cfs_period_us").write_text("100000")
    membership = tmp_path / "cgroup"
    membership.write_text("4:memory:/docker/123\n1:cpu:/\n")
    found = platform._cgroup_folders("memory", tmp_path / "mount", membership)
    assert found == [folder]
    assert platform._memory_room(folder) == 100
    assert platform._cpu_quota(folder) is None
    (folder / "cpu.cfs_quota_us").write_text("200000")
    assert platform._cpu_quota(folder) == 2.0


def test_no_control_groups(tmp_path: Path) -> None:
    assert platform._cgroup_folders("memory", tmp_path, tmp_path / "absent") == []


def test_counts_are_plausible() -> None:
    assert 0 < platform.available_memory() <= psutil.virtual_memory().total
    assert 1 <= platform.core_count() <= (os.cpu_count() or 1)


def test_resident_memory_grows_and_ends() -> None:
    before = platform.resident_memory(os.getpid())
    block = b"x" * (64 * 2**20)
    assert platform.resident_memory(os.getpid()) - before > 50 * 2**20
    del block
    assert platform.resident_memory(2**22 + 1) == 0


def test_lock_is_exclusive_and_freed(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with platform.lock_file(path), pytest.raises(OptionError) as caught, platform.lock_file(path):
        pass
    assert f"held by process {os.getpid()}" in str(caught.value)
    with platform.lock_file(path):
        pass


def test_lock_is_freed_by_death(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    script = (
        "import os, sys\nfrom pathlib import Path\n"
        "from modelwright.engine.platform import lock_file\n"
        "with lock_file(Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(OptionError, match=f"process {process.pid}"), platform.lock_file(path):
            pass
        assert platform.is_locked(path)
        assert platform.is_locked(path)  # asking takes nothing away
        process.kill()
        process.wait()
        assert not platform.is_locked(path)
        with platform.lock_file(path):
            pass


def test_asking_for_a_lock_makes_no_file(tmp_path: Path) -> None:
    assert not platform.is_locked(tmp_path / "no" / "lock")
    assert not platform.is_locked(tmp_path / "lock")
    assert list(tmp_path.iterdir()) == []


def test_lock_in_no_folder(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="lock"), platform.lock_file(tmp_path / "no" / "lock"):
        pass


def test_all_memory_is_what_the_narrowest_group_allows(
    cgroups: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    root, membership = cgroups
    (root / "a" / "memory.max").write_text("1000\n")
    (root / "a" / "b" / "memory.max").write_text("max\n")
    folders = platform._cgroup_folders("memory", root, membership)
    monkeypatch.setattr(platform, "_cgroup_folders", lambda *_: folders)
    assert platform.total_memory() == 1000


def test_a_lock_waits_for_one_who_only_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    take, refused = platform._take_lock, [True]

    def busy_once(file: IO[bytes]) -> None:
        if refused.pop() if refused else False:
            raise OSError(errno.EAGAIN, "busy")
        take(file)

    monkeypatch.setattr(platform, "_take_lock", busy_once)
    with platform.lock_file(path):
        assert refused == []


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="this system reserves nothing")
def test_a_reserved_file_has_no_holes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(code: int) -> None:
        def fail(file: int, start: int, size: int) -> None:
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "posix_fallocate", fail)

    path = tmp_path / "a.bin"
    path.touch()
    os.truncate(path, 2**20)
    assert path.stat().st_blocks * 512 < 2**20
    platform.reserve(path)
    assert path.stat().st_blocks * 512 >= 2**20
    failing(errno.EOPNOTSUPP)
    platform.reserve(path)
    failing(errno.ENOSPC)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        platform.reserve(path)
