"""Tails of distributions, beside SciPy's."""

import subprocess
import sys

import pytest
from scipy import special, stats

from modelwright.stats.tails import above_chi2, above_ks


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 9, 10, 51, 300, 1_999])
def test_chi_squared_is_scipys(freedom: int) -> None:
    for share in (1e-6, 0.01, 0.3, 1.0, 1.1, 1.7, 3.0, 30.0):
        value = share * freedom
        wanted = stats.chi2.sf(value, freedom)
        assert above_chi2(value, freedom) == pytest.approx(wanted, rel=1e-10, abs=1e-300)


def test_chi_squared_at_its_ends() -> None:
    assert above_chi2(0.0, 3) == 1.0
    assert above_chi2(5.0, 0) == 1.0
    assert above_chi2(1e9, 7) == 0.0


@pytest.mark.parametrize("far", [0.0, 1e-9, 0.05, 0.3, 0.79, 0.8, 0.81, 1.0, 1.36, 2.5, 6.0])
def test_kolmogorov_smirnov_is_scipys(far: float) -> None:
    distance = far / 10  # of 200 rows beside 200
    assert above_ks(distance, 200, 200) == pytest.approx(special.kolmogorov(far), rel=1e-9)


@pytest.mark.long
def test_what_predictions_ask_needs_no_scipy() -> None:
    code = (
        "import sys; from modelwright.stats.tails import above_chi2, above_ks; "
        "above_chi2(3.0, 5); above_ks(0.1, 9, 9); print('scipy' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
