"""Everything that depends on the operating system, in one place."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TypedDict

import psutil

from modelwright.core.errors import OptionError, OutputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = [
    "Neighbours",
    "PopenOptions",
    "available_memory",
    "core_count",
    "die_with_parent",
    "is_locked",
    "kill_orphans",
    "kill_tree",
    "lock_file",
    "popen_options",
    "process_started",
    "reserve",
    "resident_memory",
    "thread_count",
    "total_memory",
    "wait_asleep",
]

_IMPORTED = time.monotonic()
_CGROUPS = Path("/sys/fs/cgroup")
_MOMENT = 0.05  # seconds; far more than asking for a lock takes
_KILLED_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_NOT_BUSY = ("idle", "iowait", "guest", "guest_nice")


class PopenOptions(TypedDict):
    """The options of `subprocess.Popen` that keep the terminal's Ctrl-C from a child."""

    start_new_session: bool
    creationflags: int


def process_started() -> float:
    """Find when the system started this process, so that a budget counts the interpreter's start.

    Returns
    -------
    float
        A moment on the scale of `time.monotonic`; where the system does not say, the moment at
        which this module was imported. In a long-lived process (a notebook) it lies far back.

    Examples
    --------
    >>> process_started() <= time.monotonic()
    True
    """
    try:
        if sys.platform == "linux":
            # psutil derives the start from the boot time in whole seconds; this is exact to 10 ms.
            text = Path("/proc/self/stat").read_text()
            ticks = int(text.rpartition(")")[2].split()[19])
            now = time.clock_gettime(time.CLOCK_BOOTTIME)
            age = now - ticks / os.sysconf("SC_CLK_TCK")
        else:
            age = time.time() - psutil.Process().create_time()
    except (OSError, ValueError, IndexError, psutil.Error):
        return _IMPORTED
    return min(time.monotonic() - age, _IMPORTED) if age > 0 else _IMPORTED


def available_memory() -> int:
    """Estimate how many bytes this process may still take, containers' limits obeyed.

    Examples
    --------
    >>> available_memory() > 0
    True
    """
    free = int(psutil.virtual_memory().available)
    limits = [
        room
        for folder in _cgroup_folders("memory", _CGROUPS)
        if (room := _memory_room(folder)) is not None
    ]
    return max(min([free, *limits]), 0)


def total_memory() -> int:
    """Count the bytes of memory that this process could ever take, containers' limits obeyed.

    Examples
    --------
    >>> total_memory() >= available_memory()
    True
    """
    limits = [
        limit
        for folder in _cgroup_folders("memory", _CGROUPS)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (limit := _number(folder / name)) is not None
    ]
    return min([int(psutil.virtual_memory().total), *limits])


def core_count() -> int:
    """Count the cores that this process may use: affinity and containers' quotas obeyed.

    Examples
    --------
    >>> core_count() >= 1
    True
    """
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    quotas = [
        quota
        for folder in _cgroup_folders("cpu", _CGROUPS)
        if (quota := _cpu_quota(folder)) is not None
    ]
    # Half a core more makes threads wait for each other: whole cores only.
    return max(int(min([cores, *quotas])), 1)


def thread_count() -> int:
    """Count the threads that one computation may use: the cores, or what `OMP_NUM_THREADS` says.

    Examples
    --------
    >>> 1 <= thread_count() <= core_count()
    True
    """
    told = os.environ.get("OMP_NUM_THREADS", "")
    return min(core_count(), int(told)) if told.isdecimal() and int(told) else core_count()


class Neighbours:
    """How many of the cores of this process others keep busy, while it works on.

    Where it may use a part of the machine's cores only, the others count as busy first.

    Examples
    --------
    >>> Neighbours().busy(0.01) >= 0
    True
    """

    def __init__(self) -> None:
        self._began = _spent()

    def busy(self, seconds: float = 0.1) -> float:
        """Give the mean since the beginning; waits until that is so many seconds ago."""
        time.sleep(max(self._began[0] + seconds - time.monotonic(), 0.0))
        clock, whole, own = (now - then for now, then in zip(_spent(), self._began, strict=True))
        beyond = (os.cpu_count() or 1) - core_count()
        return max((whole - own) / max(clock, 1e-9) - beyond, 0.0)


def _spent() -> tuple[float, float, float]:
    """Give the clock, the seconds that all cores were busy, and those that were for this process.

    Its workers count with it once they are gone.
    """
    times = psutil.cpu_times()._asdict()
    # what guests took is within what users took
    busy = sum(took for name, took in times.items() if name not in _NOT_BUSY)
    children = os.times()
    own = time.process_time() + children.children_user + children.children_system
    return time.monotonic(), busy, own


def wait_asleep() -> bool:
    """Have threads of OpenMP sleep when they wait, not spin: before the library is loaded only.

    Returns
    -------
    bool
        Whether it is so now; a choice of the user's stays.
    """
    return os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE").upper() == "PASSIVE"


def _cgroup_folders(
    controller: str, root: Path, membership: Path = Path("/proc/self/cgroup")
) -> list[Path]:
    """List the control groups that bind this process, itself and its ancestors (v2 and v1)."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    folders: list[Path] = []
    for line in lines:
        _, names, path = line.split(":", 2)
        if names == "" or controller in names.split(","):
            mount = root if names == "" else root / controller
            inner = Path(path.lstrip("/"))
            # Inside a container the path may be the host's: then only the mount itself exists.
            folders += [mount / part for part in (inner, *inner.parents)]
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max" in version 2
        return None


def _memory_room(folder: Path) -> int | None:
    for limit_name, used_name, cache_name in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit, used = _number(folder / limit_name), _number(folder / used_name)
        if limit is not None and used is not None:
            with suppress(OSError, ValueError):
                pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
                used -= int(dict(pairs).get(cache_name, "0"))  # pages that are given up on demand
            return limit - used
    return None


def _cpu_quota(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text().split()
    except (OSError, ValueError):
        quota = str(_number(folder / "cpu.cfs_quota_us") or -1)
        period = str(_number(folder / "cpu.cfs_period_us") or 0)
    if quota == "max" or int(quota) <= 0 or int(period) <= 0:
        return None
    return int(quota) / int(period)


def resident_memory(pid: int) -> int:
    """Measure the memory that a process holds for itself, in bytes; 0 when it is gone.

    On Linux mapped files and shared memory do not count: several workers share them, and the
    system takes them back under pressure. Elsewhere it is the resident set.

    Examples
    --------
    >>> resident_memory(os.getpid()) > 1_000_000
    True
    """
    try:
        if sys.platform == "linux":
            _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
            return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
        else:
            return int(psutil.Process(pid).memory_info().rss)
    except (OSError, ValueError, psutil.Error):
        return 0


def kill_tree(pid: int) -> None:
    """Kill a process and everything that it has started, at once."""
    if sys.platform != "win32":
        with suppress(OSError):
            if os.getpgid(pid) == pid:
                # One call. To look for children takes one file for each process of the machine,
                # which is slow beside a thread that computes and holds the interpreter.
                os.killpg(pid, signal.SIGKILL)
                return
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        children = process.children(recursive=True)
        process.kill()
        for child in children:
            with suppress(psutil.Error):
                child.kill()


def kill_orphans(pid: int) -> None:
    """Kill what a dead process has left behind, if it led its group as after `popen_options`."""
    if sys.platform != "win32":
        with suppress(OSError):
            os.killpg(pid, signal.SIGKILL)


def die_with_parent() -> None:
    """Ask the system to kill this process when its parent dies, even while C code runs.

    Only Linux can; elsewhere the worker's own threads notice. Strictly, it is the death of the
    *thread* that started this process, so that thread must live as long as the process is wanted.
    """
    if sys.platform == "linux":
        import ctypes

        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_KILLED_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def popen_options() -> PopenOptions:
    """Give the options of `subprocess.Popen` that keep the terminal's Ctrl-C from a child.

    Examples
    --------
    >>> popen_options()["start_new_session"]
    True
    """
    flags = 0
    if sys.platform == "win32":
        import subprocess

        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    return PopenOptions(start_new_session=True, creationflags=flags)


@contextmanager
def lock_file(path: Path) -> Iterator[None]:
    """Hold a lock that only one process can hold; the system frees it when the process dies.

    Parameters
    ----------
    path : Path
        The lock's own file; its folder exists. The file stays.

    Raises
    ------
    OptionError
        At once, when somebody else holds it.
    OutputError
        When the file cannot be made, or the disk knows no locks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, lock_file(Path(folder) / "lock"):
    ...     "mine"
    'mine'
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise _no_lock(path, error) from error
    with file:
        try:
            _take_lock_patiently(file)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
                raise _no_lock(path, error) from error
            raise OptionError(
                f"{path.parent} to be free",
                f"a lock held by {_holder(path)}",
                "wait until it ends, or stop it",
            ) from error
        _sign_lock(path)
        try:
            yield
        finally:
            # Closing frees the lock as well, though on Windows only after a while.
            _free_lock(file)


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock; nobody holds one that was never made.

    Parameters
    ----------
    path : Path
        The lock's own file, as for `lock_file`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, lock_file(Path(folder) / "lock"):
    ...     is_locked(Path(folder) / "lock"), is_locked(Path(folder) / "other")
    (True, False)
    """
    if not path.is_file():
        return False
    try:
        with path.open("a+b") as file:
            _take_lock(file)
            _free_lock(file)
    except OSError:  # held by another, or beyond our reach: better left alone
        return True
    return False


def reserve(path: Path) -> None:
    """Have the disk set all of a file aside: an array that is mapped has holes until it is written.

    A disk that is full then kills the process with a signal; here it is an error. Where the system
    cannot do it, nothing happens.

    Parameters
    ----------
    path : Path
        A file of its full size.

    Raises
    ------
    OSError
        When the disk is full.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.bin"
    ...     path.touch()
    ...     os.truncate(path, 100)
    ...     reserve(path)
    ...     path.read_bytes() == bytes(100)
    True
    """
    if sys.platform in ("win32", "darwin"):
        return
    with path.open("r+b") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise


def _no_lock(path: Path, error: OSError) -> OutputError:
    why = (error.strerror or type(error).__name__).lower()
    return OutputError(f"to be able to lock {path}", why, "name a folder on a local disk (--store)")


def _take_lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _take_lock_patiently(file: IO[bytes]) -> None:
    """Try twice: who only asks whether it is held (`is_locked`) holds it for a moment."""
    try:
        _take_lock(file)
    except OSError as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES, errno.EDEADLK):
            raise
        time.sleep(_MOMENT)
        _take_lock(file)


def _free_lock(file: IO[bytes]) -> None:
    if sys.platform == "win32":
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_UN)


def _sign_lock(path: Path) -> None:
    # A neighbour of the lock, because Windows lets nobody else read a locked byte.
    with suppress(OSError):
        path.with_name(path.name + ".pid").write_text(str(os.getpid()))


def _holder(path: Path) -> str:
    try:
        return f"process {int(path.with_name(path.name + '.pid').read_text())}"
    except (OSError, ValueError):
        return "another process"
