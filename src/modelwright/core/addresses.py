"""URLs of databases, and how they are told and stored: without their passwords."""

from __future__ import annotations

import re

__all__ = ["is_database", "masked", "masked_place", "passwords_of", "split_address"]

_URL = re.compile(r"(sqlite|duckdb|postgresql|postgres)://", re.IGNORECASE)
_SERVER = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_OPTIONS = re.compile(r"\?(?=\w+=)")
_OPTION = re.compile(r"[?&](\w+)=")
_SECRET = re.compile(r"([?&][^=&]*password[^=&]*=)([^&]*)", re.IGNORECASE)
_WRITTEN = re.compile(r"[^\s'\"]*")


def is_database(source: str) -> bool:
    """Tell whether a source is the URL of a database.

    Examples
    --------
    >>> is_database("sqlite:///sales.db#orders"), is_database("sales.db")
    (True, False)
    """
    return _URL.match(source) is not None


def split_address(url: str) -> tuple[str, str]:
    """Part the place of a database from what is asked of it, which stands after ``#``.

    A ``#`` before the last ``@`` belongs to the password of a server, as does one in an option
    that another option or ``#`` follows.

    Examples
    --------
    >>> split_address("postgresql://ann:pa#ss@host/sales#orders")
    ('postgresql://ann:pa#ss@host/sales', 'orders')
    >>> split_address("postgresql://host/sales?password=pa#ss#orders")
    ('postgresql://host/sales?password=pa#ss', 'orders')
    """
    mark = _mark(url)
    return (url, "") if mark < 0 else (url[:mark], url[mark + 1 :])


def _mark(url: str) -> int:
    """Find the ``#`` behind which stands what is asked; -1 when there is none."""
    written = _WRITTEN.match(url) if _SERVER.match(url) else None
    if written is None:
        return url.find("#")
    place = written[0]
    user = place.rfind("@") + 1
    first = _OPTIONS.search(place)
    if first is None or "#" in place[place.rfind("@", 0, first.start()) + 1 : first.start()]:
        return url.find("#", user)
    *_, last = _OPTION.finditer(place, first.start())
    if "password" in last[1].lower():
        return place.rfind("#", last.end())
    return url.find("#", max(user, last.end()))


def masked(source: str) -> str:
    """Give a source as it may be shown and stored; what is no URL of a server stays as it is.

    A word behind the ``#`` of a password in the last option may belong to it, and is hidden too.

    Examples
    --------
    >>> masked("postgresql://ann:p@ss@host/sales?sslpassword=zzz&sslmode=require#orders")
    'postgresql://ann:***@host/sales?sslpassword=***&sslmode=require#orders'
    >>> masked("postgresql://host/sales?password=p#ss")
    'postgresql://host/sales?password=***#***'
    >>> masked("ann@home.csv")
    'ann@home.csv'
    """
    if not _SERVER.match(source):
        return source
    place, asked = split_address(source)
    secrets = list(_SECRET.finditer(place))
    if asked and " " not in asked and secrets and secrets[-1].end() == len(place):
        asked = "***"
    shown = masked_place(place)
    return f"{shown}#{asked}" if asked else shown


def masked_place(place: str) -> str:
    """Give the place of a database, as `split_address` gives it, without its passwords.

    Examples
    --------
    >>> masked_place("postgresql://host/sales?password=p#ss")
    'postgresql://host/sales?password=***'
    """
    if not _SERVER.match(place):
        return place
    start, end = _password(place)
    if end:
        place = f"{place[:start]}***{place[end:]}"
    return _SECRET.sub(r"\1***", place)


def passwords_of(place: str) -> list[str]:
    """List the passwords in the place of a server, as they are written; that of the user first.

    Examples
    --------
    >>> passwords_of("postgresql://ann:x@host/sales?sslpassword=zzz")
    ['x', 'zzz']
    """
    if not _SERVER.match(place):
        return []
    start, end = _password(place)
    found = [place[start:end], *(secret[2] for secret in _SECRET.finditer(place))]
    return [secret for secret in found if secret]


def _password(place: str) -> tuple[int, int]:
    """Find where the user's password begins and ends; two zeros when there is none."""
    options = _OPTIONS.search(place)
    at = place.rfind("@", 0, options.start() if options else len(place))
    colon = place.find(":", place.index("://") + 3)
    return (colon + 1, at) if 0 <= colon < at else (0, 0)
