"""Synthetic children of a small sample, coded by the specifications, made once."""

from collections.abc import Callable

import numpy as np
import pytest

import cwi
from cwi.edition import Edition
from cwi.inputs.deprivation import Deprivations, code_deprivations, read_specification
from cwi.inputs.households import Households, HouseholdSample, synthesize_households


@pytest.fixture(scope="session")
def edition() -> Edition:
    return cwi.read_edition(2023)


@pytest.fixture(scope="session")
def made(edition: Edition) -> Households:
    sample = HouseholdSample(units=5, households=9)
    return synthesize_households(edition, rng=np.random.default_rng(3), sample=sample)


@pytest.fixture(scope="session")
def coded_by(made: Households) -> Callable[[str], Deprivations]:
    kept: dict[str, Deprivations] = {}

    def of(name: str) -> Deprivations:
        if name not in kept:
            kept[name] = code_deprivations(made.children, read_specification(name))
        return kept[name]

    return of
