"""What no language changes is computed once: every kernel has it, and a kernel that asks for anything else does not."""

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]

PROGRAM = """
import json, sys
from pathlib import Path
from cwi.report.forked_process import prepare
asked = {"year": 2022, "methodology": "", "language": "kk", "draws": 100, "seed": 7, "project": ""}
assert prepare(first=asked)
from cwi.report.render import execute
for seed in (7, 8):
    execute(Path(sys.argv[1]), Path(sys.argv[1]).with_name(f"{seed}.ipynb"), {"seed": seed})
"""
CELLS = (
    "import json, os, cwi\n"
    "from cwi.report import OfficialReport, printer\n"
    "edition = cwi.read_edition(2022)\n"
    "report = OfficialReport(edition, language='ru', draws=100, seed=seed)\n"
    "before = printer._robustness.cache_info()\n"
    "summary = report._printer.robustness.summary\n"
    "after = printer._robustness.cache_info()\n",
    "print(json.dumps([after.hits - before.hits, after.misses - before.misses, summary.to_csv(),\n"
    "    len(os.listdir(f'/proc/{os.getppid()}/task'))]))",
)


@pytest.mark.slow
@pytest.mark.usefixtures("project")
def test_a_kernel_has_what_was_computed_and_computes_what_was_not(tmp_path: Path) -> None:
    source = tmp_path / "source.ipynb"
    tagged = new_code_cell("seed: int = 1", metadata={"tags": ["parameters"]})
    document = new_notebook(cells=[tagged, *map(new_code_cell, CELLS)])
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(document, source)
    subprocess.run([sys.executable, "-c", PROGRAM, str(source)], check=True, timeout=240)
    printed = []
    for seed in (7, 8):
        cells = nbformat.read(tmp_path / f"{seed}.ipynb", as_version=4).cells
        printed.append(json.loads("".join(output["text"] for output in cells[-1].outputs)))
    (hits, misses, summary, threads), (other_hits, other_misses, other, _) = printed
    assert (hits, misses) == (1, 0)
    assert (other_hits, other_misses) == (0, 1)  # another seed is another question
    assert summary != other
    assert threads == 1  # of the process that is forked, after all that it computed
    from cwi import read_edition
    from cwi.report.printer import _robustness

    assert _robustness(read_edition(2022), (), 100, 7).summary.to_csv() == summary  # as it is computed here
