"""The scores of a real year, computed once."""

import pytest

import cwi


@pytest.fixture(scope="session")
def scores() -> cwi.Scores:
    return cwi.read_edition(2023).scores
