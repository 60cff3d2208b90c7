"""Small worlds with a known structure among their rows, and some without."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

START = datetime(2019, 3, 1)
COLOURS = np.array(["red", "green", "blue", "grey", "black", "white", "brown"])


def _dates(offsets: np.ndarray, unit: str = "days") -> list[datetime]:
    return [START + timedelta(**{unit: float(offset)}) for offset in offsets]


def plain(seed: int, rows: int = 600) -> pl.DataFrame:
    """Rows drawn independently: numbers, a few sorts, a place, a birthday, a running number."""
    rng = np.random.default_rng(seed)
    age = rng.integers(18, 80, rows)
    colour = rng.integers(0, len(COLOURS), rows)
    city = np.minimum(rng.geometric(0.05, rows), 60)
    size = rng.gamma(3, 20, rows).round(1)
    y = 0.3 * age + 3 * (colour % 3) + 0.05 * size + (city % 5) + rng.normal(0, 4, rows)
    return pl.DataFrame(
        {
            "id": np.arange(1, rows + 1),
            "birth_date": _dates(-365.25 * age - rng.integers(0, 365, rows)),
            "colour": COLOURS[colour],
            "city": [f"city {i}" for i in city],
            "size": size,
            "rooms": rng.integers(1, 9, rows),
            "y": y,
        }
    )


def houses(seed: int, rows: int = 600) -> pl.DataFrame:
    """Sold houses: the year in which one was built drives its price, and is no order."""
    rng = np.random.default_rng(seed)
    built = np.clip(2020 - rng.gamma(2, 18, rows), 1880, 2020).round()
    area = rng.gamma(9, 12, rows).round()
    style = rng.integers(0, 5, rows)
    return pl.DataFrame(
        {
            "year_built": built.astype(int),
            "area": area,
            "style": COLOURS[style],
            "neighborhood": [f"quarter {i}" for i in rng.integers(0, 25, rows)],
            "y": 2 * area + 0.8 * (built - 1900) + 9 * style + rng.normal(0, 20, rows),
        }
    )


def survey(seed: int, rows: int = 800) -> pl.DataFrame:
    """Answers to a few coarse questions: many rows are equal by nature."""
    rng = np.random.default_rng(seed)
    frame = {f"q{i}": rng.integers(1, 4, rows) for i in range(5)}
    score = sum(values for values in frame.values()) + rng.normal(0, 2, rows)
    return pl.DataFrame({**frame, "y": np.where(score > np.median(score), "yes", "no")})


def demand(seed: int, *, shuffled: bool, rows: int = 700) -> pl.DataFrame:
    """Hourly demand with a slow level, weather, and a price that rises."""
    rng = np.random.default_rng(seed)
    level = np.cumsum(rng.normal(0, 1, rows))
    hours = np.arange(rows) * 5
    warm = 10 + 8 * np.sin(hours / 700) + rng.normal(0, 2, rows)
    frame = pl.DataFrame(
        {
            "datetime": _dates(hours, "hours"),
            "warm": warm.round(1),
            "price": (20 + 0.01 * np.arange(rows) + rng.normal(0, 2, rows)).round(2),
            "colour": COLOURS[rng.integers(0, 7, rows)],
            "y": 3 * level + warm + rng.normal(0, 2, rows),
        }
    )
    return frame.sample(fraction=1.0, shuffle=True, seed=seed) if shuffled else frame


def releases(seed: int, rows: int = 900) -> pl.DataFrame:
    """Games by year: machines come and go, sales drift."""
    rng = np.random.default_rng(seed)
    year = rng.integers(1990, 2016, rows)
    machine = (year - 1990) // 4 + rng.integers(0, 2, rows)
    sales = 0.4 * (year - 1990) + 2 * rng.normal(size=40)[machine] + rng.normal(0, 2, rows)
    return pl.DataFrame(
        {
            "Year": year,
            "machine": [f"machine {i}" for i in machine],
            "genre": COLOURS[rng.integers(0, 7, rows)],
            "price": (10 + year - 1990 + rng.normal(0, 4, rows)).round(1),
            "y": sales,
        }
    )


def patients(seed: int, *, shuffled: bool, people: int = 70, visits: int = 6) -> pl.DataFrame:
    """Visits of patients: blood pressure is the patient's, and the dose says little."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(people), visits)
    rows = len(who)
    frame = pl.DataFrame(
        {
            "subject": [f"S{i:04}" for i in rng.permutation(9999)[:people][who]],
            "height": rng.normal(170, 9, people).round(1)[who],
            "sex": np.array(["f", "m"])[rng.integers(0, 2, people)[who]],
            "dose": rng.uniform(5, 50, rows).round(1),
            "rate": rng.normal(70, 9, rows).round(),
            "y": rng.normal(120, 12, people)[who] + rng.normal(0, 5, rows),
        }
    )
    return frame.sample(fraction=1.0, shuffle=True, seed=seed) if shuffled else frame


def clinic(seed: int, effect: float = 1.0, people: int = 150, rows: int = 750) -> pl.DataFrame:
    """Visits on days that mean nothing of patients whose effect is real; age tells something."""
    rng = np.random.default_rng(seed)
    who = rng.integers(0, people, rows)
    age, own = rng.integers(20, 90, people), rng.normal(0, effect, people)
    born = _dates(-365.25 * age - np.arange(people) * 37 % 365)
    pressure = 120 + 0.4 * (age[who] - 50) + rng.normal(0, 10, rows)
    dose = rng.choice([5, 10, 20], rows)
    y = 0.03 * (age[who] - 50) + 0.04 * dose + 0.02 * pressure + own[who]
    return pl.DataFrame(
        {
            "patient": [f"P{i:04}" for i in who],
            "visited": _dates(rng.integers(0, 700, rows)),
            "nascita": [born[i] for i in who],
            "pressure": pressure.round(),
            "dose": dose,
            "ward": rng.integers(1, 9, rows),
            "y": y + rng.normal(0, 1, rows),
        }
    )


def recordings(seed: int) -> pl.DataFrame:
    """Recordings named by speaker and take; whether one is ill is the speaker's."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(50), 5)
    ill = rng.integers(0, 2, 50)
    voice = rng.normal(size=(50, 8))[who] + 0.5 * rng.normal(size=(250, 8))
    frame = {"name": [f"phon_S{w:02}_{i % 5 + 1}" for i, w in enumerate(who)]}
    frame |= {f"f{j}": voice[:, j] for j in range(8)}
    return pl.DataFrame({**frame, "ill": np.array(["no", "yes"])[ill[who]]})


def nations(seed: int) -> pl.DataFrame:
    """A panel: every nation in every year, with a level of its own."""
    rng = np.random.default_rng(seed)
    who, year = np.repeat(np.arange(90), 12), np.tile(np.arange(2001, 2013), 90)
    wealth = rng.normal(9, 1.2, 90)[who] + 0.02 * (year - 2001)
    return pl.DataFrame(
        {
            "Country": [f"Country {chr(65 + i // 26)}{chr(97 + i % 26)}" for i in who],
            "Year": year,
            "status": np.array(["rich", "poor"])[(rng.normal(size=90) > 0).astype(int)[who]],
            "wealth": wealth + 0.2 * rng.normal(size=len(who)),
            "schooling": rng.normal(10, 2, 90)[who] + 0.3 * rng.normal(size=len(who)),
            "y": rng.normal(68, 8, 90)[who] + 0.1 * (year - 2001) + rng.normal(0, 1, len(who)),
        }
    )


def unnamed_blocks(seed: int) -> pl.DataFrame:
    """Pupils of schools in the order of the file, without a column for the school."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(5, 14, 60)
    school = np.repeat(np.arange(60), sizes)
    rows = len(school)
    return pl.DataFrame(
        {
            "teachers": rng.integers(8, 60, 60)[school],
            "funds": rng.normal(900, 200, 60).round()[school],
            "distance": rng.gamma(2, 4, 60).round(1)[school],
            "hours": rng.uniform(0, 20, rows).round(1),
            "siblings": rng.integers(0, 5, rows),
            "y": rng.normal(0, 4, 60)[school] + rng.normal(0, 2, rows),
        }
    )


def sorts(seed: int, rows: int = 900) -> pl.DataFrame:
    """Sorts of things that matter much for the answer, and are no things: maker, department."""
    rng = np.random.default_rng(seed)
    brand = rng.integers(0, 30, rows)
    department = rng.integers(0, 9, rows)
    return pl.DataFrame(
        {
            "maker": [f"maker {i}" for i in brand],
            "department": [f"department {i}" for i in department],
            "power": (rng.normal(100, 20, 30)[brand] + rng.normal(0, 25, rows)).round(),
            "weight": rng.normal(1200, 200, rows).round(),
            "y": rng.normal(0, 5, 30)[brand] + 2 * department + rng.normal(0, 3, rows),
        }
    )


def visitors(seed: int, rows: int = 900) -> pl.DataFrame:
    """Users who come again, and whose answers have nothing to do with each other."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    return pl.DataFrame(
        {
            "user_id": [f"u{i:05}" for i in rng.integers(0, 250, rows)],
            "x": x,
            "clicks": rng.poisson(4, rows),
            "y": x + rng.normal(size=rows),
        }
    )


def wave(seed: int, rows: int = 800) -> pl.DataFrame:
    """Sensors of one smooth motion: rows lie near each other, and none is a copy."""
    rng = np.random.default_rng(seed)
    phase = rng.uniform(0, 1, rows)
    sensors = {f"s{i}": np.cos((i + 1) * phase) for i in range(8)}
    return pl.DataFrame({**sensors, "y": phase**2 + 0.1 * rng.normal(size=rows)})
