"""The register of proposals: what it says, and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest

from cwi import folders
from cwi.errors import DataError
from cwi.inputs.consultation import Register, read_proposals

Says = Callable[[type[Exception], str], Any]

HEAD = "id,received,body,subject,proposed,decision,reason,version"
GOOD = f"""{HEAD}
P1,2024-03-01,ngo,poverty,count children and not households,accepted,agreed,t1
P2,2024-03-02,school,water,leave it out,declined,it is the only series,
P3,2024-03-02,parents,school,more weight,partly,half of what was asked,t1
P4,2024-03-05,person,method,show the uncertainty,later,with the next edition,
"""


@pytest.fixture
def small(project: Any) -> Any:
    """Reads the text of a register in the small project."""

    def read(text: str) -> Register:
        path = folders.root() / "p.csv"
        path.write_text(text, encoding="utf-8")
        return read_proposals(path)

    return read


def test_what_was_heard_and_what_was_changed(small: Any) -> None:
    register = small(GOOD)
    assert register.heard().to_dict("records") == [
        {"subject": "home", "proposals": 2, "accepted": 1, "partly": 0, "declined": 1, "later": 0, "versions": "t1"},
        {"subject": "method", "proposals": 1, "accepted": 0, "partly": 0, "declined": 0, "later": 1, "versions": ""},
        {"subject": "school", "proposals": 1, "accepted": 0, "partly": 1, "declined": 0, "later": 0, "versions": "t1"},
    ]
    assert register.changed()["id"].to_list() == ["P1", "P3"]


BAD = {
    "id": (GOOD.replace("P2", "P1"), "line 3, column 'id': the proposal 'P1' is listed twice"),
    "reason": (
        GOOD.replace("agreed", ""),
        "line 2, column 'reason': reason is empty; every proposal has a number, a text and a reason",
    ),
    "date": (
        GOOD.replace("2024-03-05", "5 March"),
        "line 5, column 'received': received is '5 March'; a date is written 2024-03-15",
    ),
    "body": (
        GOOD.replace(",ngo,", ",NGO,"),
        "line 2, column 'body': there is no kind of body 'NGO'; there are ministry, local authority, school, "
        "health care, "
        "ngo, parents, children, university, international organisation, person",
    ),
    "subject": (
        GOOD.replace(",water,", ",watr,"),
        "line 3, column 'subject': there is no subject 'watr' (did you mean 'water'?); there are method, new "
        "indicator, "
        "poverty, water, places, home, school, index",
    ),
    "decision": (
        GOOD.replace("declined", "refused"),
        "line 3, column 'decision': there is no decision 'refused'; there are accepted, partly, declined, later",
    ),
    "version": (
        GOOD.replace("asked,t1", "asked,t2"),
        "line 4, column 'version': there is no methodology 't2'; there are t1; a proposal that was "
        "partly accepted names the version that changed",
    ),
    "no version": (
        GOOD.replace("agreed,t1", "agreed,"),
        "line 2, column 'version': the version is empty; a proposal that was accepted names the version that changed",
    ),
    "a version too many": (
        GOOD.replace("edition,", "edition,t1"),
        "line 5, column 'version': a proposal that was put off changed no version; empty the cell, or mend "
        "the decision",
    ),
    "address": (
        GOOD.replace("leave it out", "write to a.b@c.kz"),
        "line 3, column 'proposed': proposed holds what looks like the address or number of a person; take it out",
    ),
    "telephone": (
        GOOD.replace("agreed", "call +7 701 123 45 67"),
        "line 2, column 'reason': reason holds what looks like the address or number of a person; take it out",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_registers(case: str, small: Any, says: Says) -> None:
    text, sentence = BAD[case]
    assert text != GOOD
    with says(DataError, f"p.csv {sentence}"):
        small(text)


def test_numbers_that_are_not_of_persons_may_stand(small: Any) -> None:
    assert len(small(GOOD.replace("more weight", "use 2018-2022 and 100 000 births")).table) == 4
