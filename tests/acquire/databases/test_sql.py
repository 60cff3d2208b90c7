from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from modelwright.acquire import Reading, read_raw
from modelwright.acquire.databases import sql
from modelwright.core.errors import DataError

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def sales(tmp_path: Path) -> str:
    path = tmp_path / "sales.db"
    base = sqlite3.connect(path)
    base.execute("CREATE TABLE orders (a INT, b TEXT, mixed)")
    base.executemany("INSERT INTO orders VALUES (?, ?, ?)", [(1, "x", 1), (2, None, "one")])
    base.execute('CREATE VIEW "big ""ones""" AS SELECT * FROM orders WHERE a > 1')
    base.commit()
    base.close()
    return f"sqlite:///{path}"


def test_a_table_a_view_and_a_query(sales: str) -> None:
    rows = [(1, "x", "1"), (2, None, "one")]
    assert read_raw(f"{sales}#orders").frame.rows() == rows
    assert read_raw(f'{sales}#big "ones"').frame["a"].to_list() == [2]
    assert read_raw(f"{sales}#SELECT a AS n, a FROM orders;").frame.columns == ["n", "a"]
    assert read_raw(f"{sales}#with t as (select 7 as x) select * from t").frame.rows() == [(7,)]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("", "choose one of: orders"),
        ("#order", "did you mean 'orders'"),
        ("#SELECT nope FROM orders", "no such column: nope"),
        ("#SELECT * FROM orders WHERE a > 9", "rows; got none"),
        ("#DROP TABLE orders", "a query or one of its tables"),
        ("#WITH t AS (SELECT 1) DELETE FROM orders", "readonly database"),
        ("#SELECT 1; SELECT 2", "one statement"),
    ],
)
def test_what_cannot_be_answered(sales: str, asked: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        read_raw(sales + asked)


def test_a_database_is_no_table(sales: str) -> None:
    path = sales.removeprefix("sqlite:///")
    with pytest.raises(DataError, match=r"sqlite:///.*#TABLE"):
        read_raw(path)
    with pytest.raises(DataError, match="an existing database file"):
        read_raw("sqlite:///nowhere.db#orders")


@pytest.mark.long
def test_types_that_change_far_down(tmp_path: Path) -> None:
    base = sqlite3.connect(tmp_path / "t.db")
    base.execute("CREATE TABLE t (a, b)")
    rows = [(i, None if i < 30_000 else 1.5) for i in range(40_000)]
    base.executemany("INSERT INTO t VALUES (?, ?)", [*rows, ("x", 2)])
    base.commit()
    frame = read_raw(f"sqlite:///{tmp_path / 't.db'}").frame
    assert frame.shape == (40_001, 2)
    assert frame["a"][-1] == "x"
    assert frame["a"][5] == "5"
    assert frame["b"].to_list()[-2:] == [1.5, 2.0]
    with pytest.raises(DataError, match="modelwright acquire"):
        read_raw(f"sqlite:///{tmp_path / 't.db'}", Reading(room=1_000))


def test_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "t.duckdb"
    base = duckdb.connect(str(path))
    base.execute("CREATE TABLE t AS SELECT 1 AS a, DATE '2020-01-02' AS d, 'x' AS w")
    base.close()
    url = f"duckdb:///{path}"
    assert read_raw(url).frame.rows() == [(1, dt.date(2020, 1, 2), "x")]
    assert read_raw(f"{url}#SELECT a + 1 AS b FROM t").frame["b"].to_list() == [2]
    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    for query in (f"SELECT * FROM read_csv('{secret}')", "FROM nothing", "SELECT"):
        with pytest.raises(DataError) as caught:
            read_raw(f"{url}#{query}")
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="duckdb:///"):
        read_raw(path)


def test_a_password_is_never_shown() -> None:
    for url in (
        "postgresql://ann:secret@localhost:1/x",
        "postgres://localhost:1/x?password=secret",
        "postgres://localhost:1/x?password=a#secret",
    ):
        with pytest.raises(DataError) as caught:
            read_raw(f"{url}#t")
        assert "secret" not in str(caught.value)
        assert "***" in str(caught.value)


def _postgres() -> Path | None:
    found = shutil.which("initdb")
    places = [Path(found).parent] if found else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists()), None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL server of our own, on a socket in a temporary folder."""
    programs = _postgres()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    folder = tmp_path_factory.mktemp("pg")
    user = {}
    if hasattr(os, "getuid") and os.getuid() == 0:  # the server refuses to run as root
        try:
            user = {"user": "postgres"}
            shutil.chown(folder, "postgres")
            for parent in [folder, *folder.parents][:4]:
                parent.chmod(parent.stat().st_mode | 0o055)
        except LookupError:
            pytest.skip("no user to run a PostgreSQL server as")
    data = folder / "data"
    options = f"-k {folder} -h '' -c fsync=off"
    steps = [
        [programs / "initdb", "-D", data, "-U", "ann", "-A", "trust", "--no-sync"],
        [programs / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start"],
    ]
    for step in steps:
        done = subprocess.run([str(s) for s in step], capture_output=True, check=False, **user)  # type: ignore[call-overload]
        if done.returncode:
            pytest.skip(f"the PostgreSQL server does not start: {done.stderr[-200:]!r}")
    url = f"postgresql://ann@/postgres?host={folder}"
    with psycopg.connect(url) as base:
        base.execute("CREATE TABLE t AS SELECT i AS a, i * 1.5 AS b, 'w' || i AS c, now() AS d "
                     "FROM generate_series(1, 45000) AS i")  # fmt: skip
        base.execute("CREATE SCHEMA other; CREATE TABLE other.u AS SELECT 1 AS x")
    yield url
    stop = [str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"]
    subprocess.run(stop, capture_output=True, check=False, **user)  # type: ignore[call-overload]


@pytest.mark.long
def test_postgresql(server: str) -> None:
    frame = read_raw(f"{server}#t").frame
    assert frame.shape == (45_000, 4)
    assert frame["a"].sum() == 45_000 * 45_001 // 2
    assert read_raw(f"{server}#other.u").frame.rows() == [(1,)]
    assert read_raw(f"{server}#SELECT a FROM t WHERE a < 3 ORDER BY a").frame["a"].to_list() == [
        1,
        2,
    ]
    with pytest.raises(DataError, match=r"choose one of: other\.u, t"):
        read_raw(server)
    for query in ("SELECT nope FROM t", "WITH x AS (DELETE FROM t RETURNING a) SELECT * FROM x"):
        with pytest.raises(DataError) as caught:
            read_raw(f"{server}#{query}")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "query", ["select*from orders", "-- note\nselect 1 a", "(select 1)", "/* x */ values(1)"]
)
def test_queries_however_they_begin(tmp_path: Path, query: str) -> None:
    path = tmp_path / "t.duckdb"
    with duckdb.connect(str(path)) as base:
        base.execute("CREATE TABLE orders AS SELECT 1 AS a")
    assert read_raw(f"duckdb:///{path}#{query}").frame.height == 1


def test_a_password_that_the_server_would_misread() -> None:
    with pytest.raises(DataError, match="%40") as refused:
        read_raw("postgresql://ann:p@QQ@localhost:1/db#t")
    assert "QQ" not in str(refused.value)


def test_a_word_behind_a_password_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Base:
        def tables(self) -> list[str]:
            return ["orders"]

        def close(self) -> None:
            pass

    monkeypatch.setitem(sql._OPENERS, "postgresql", lambda place, shown: Base())
    with pytest.raises(DataError, match="orders") as refused:
        read_raw("postgresql://host/db?password=a#QQ")
    assert "QQ" not in str(refused.value)


def test_no_password_in_what_a_driver_says() -> None:
    with pytest.raises(DataError) as refused:
        read_raw("postgresql://ann:QQ%zz@localhost:1/db#t")
    assert "QQ" not in str(refused.value)
