"""A forked kernel shows what an ordinary one shows, shares nothing with another run and outlives nobody."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from cwi.edition import editions
from cwi.errors import ReportError
from cwi.report import forked_kernel, render
from cwi.report.forked_process import ForkedProcess, prepare
from cwi.report.render import execute

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]

Says = Callable[[type[Exception], str], "pytest.RaisesExc[Exception]"]

PARAMETERS = "share: float = 0.5\nwords: str = ''"
CELLS = (
    "import os, sys, warnings\nimport matplotlib, numpy as np, pandas as pd, seaborn as sns\nshare, words, __name__",
    "print('out'); print('err', file=sys.stderr); os.getcwd(), sys.argv[0], sys.flags, os.environ['CWI_TEST']",
    "from IPython.display import HTML, display\nshown = display(HTML('<b>1</b>'), display_id='a')\n"
    "shown.update(HTML('<b>2</b>'))",
    "frame = pd.DataFrame({'x': [1.0, None], 'y': ['қала', 'село']})\nframe",
    "axes = sns.scatterplot(x=[1, 2], y=[3, 4]); matplotlib.get_backend()",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2]);",
    "warnings.warn('beware'); np.random.default_rng(1).random(3)",
    "%who str",
    "os.system('echo from a process; echo wrong >&2');",
    "import threading\nthreading.current_thread() is threading.main_thread(), np.geterr(), pd.options.display.width",
    "1 / 0",
)


def notebook(path: Path, *sources: str) -> Path:
    tagged = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    document = new_notebook(cells=[tagged, *map(new_code_cell, sources)])
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(document, path)
    return path


def shown(path: Path) -> list[str]:
    """What the cells of an executed notebook show in words, streams put together."""
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    return [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs)
        for cell in cells
    ]


def papermills(source: Path, target: Path, **engine: Any) -> tuple[Any, Any]:
    """All that papermill records: outputs and metadata, without times and the path of the result."""
    with pytest.raises(papermill.PapermillExecutionError, match="division by zero"):
        papermill.execute_notebook(
            str(source), str(target), parameters={"share": 0.25, "words": "қ"}, progress_bar=False, **engine
        )
    text = re.sub(r"ipykernel_\d+", "ipykernel", target.read_text(encoding="utf-8"))  # the number of the process
    document = nbformat.reads(text, as_version=4)
    for cell in document.cells:
        cell.id = ""
        cell.metadata.pop("execution", None)
        for key in ("start_time", "end_time", "duration"):
            cell.metadata.get("papermill", {}).pop(key, None)
    for key in ("start_time", "end_time", "duration", "output_path"):
        document.metadata.papermill.pop(key)
    return document.cells, document.metadata


@pytest.mark.slow
def test_all_that_papermill_records_is_what_an_ordinary_kernel_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepare()
    monkeypatch.setenv("CWI_TEST", "1")
    started: list[object] = []
    monkeypatch.setattr(forked_kernel, "start", lambda *given: started.append(given) or start(*given))
    start = sys.modules["cwi.report.forked_process"].start
    source = notebook(tmp_path / "source.ipynb", *CELLS)
    forked = papermills(source, tmp_path / "forked.ipynb", engine_name="cwi-forked")
    assert len(started) == 1
    ordinary = papermills(source, tmp_path / "ordinary.ipynb")
    assert len(started) == 1
    assert forked[1] == ordinary[1]
    for one, other in zip(*(cells for cells, _ in (forked, ordinary)), strict=True):
        assert one == other
    assert forked[1].papermill.parameters == {"share": 0.25, "words": "қ"}
    outputs = [output for cell in forked[0] for output in cell.get("outputs", ())]
    assert len(outputs) > len(CELLS)  # the comparison has something to compare, and would notice:
    outputs[0]["text"] = "other"
    assert forked[0] != ordinary[0]


def test_what_notebooks_of_this_project_compute_with_is_imported_before() -> None:
    root = Path(render.__file__).parents[2]
    wanted = set()
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        sources = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        wanted |= set(re.findall(r"^from (cwi\.(?:analysis|report\.notebooks)\.\w+) import", sources, re.MULTILINE))
    preloaded = (root / "cwi/report/preloaded.py").read_text(encoding="utf-8")
    assert len(wanted) > 15
    assert wanted - set(re.findall(r"^import ([\w.]+)$", preloaded, re.MULTILINE)) == set()


@pytest.mark.slow
def test_two_runs_share_nothing(tmp_path: Path) -> None:
    source = notebook(
        tmp_path / "source.ipynb",
        "import os, random, matplotlib, numpy as np, pandas as pd, cwi\n"
        "os.environ.get('LEFT'), matplotlib.rcParams['font.size'], pd.options.display.width, hasattr(cwi, 'left')",
        "os.environ['LEFT'] = '1'; matplotlib.rcParams['font.size'] = 33; pd.options.display.width = 7; cwi.left = 1",
        "np.random.random(), random.random()",
        "len(os.listdir(f'/proc/{os.getppid()}/task'))",
    )
    runs = []
    for name in ("one.ipynb", "two.ipynb"):
        execute(source, tmp_path / name, {}, tmp_path)
        runs.append(shown(tmp_path / name))
    (*_, first, _, drawn, threads), (*_, again, _, others, _) = runs
    assert first == again == "(None, 10.0, 80, False)"
    assert drawn != others  # without a seed
    assert threads == "1"  # of the process that is forked


@pytest.mark.slow
def test_folder_variables_and_one_thread_are_those_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    source = notebook(
        tmp_path / "source.ipynb",
        "import os, sys\n"
        "names = ('CWI_ROOT', 'CWI_OUTPUT', 'OPENBLAS_NUM_THREADS', 'CWI_LEDGER')\n"
        "print(os.getcwd(), *map(os.environ.get, names))",
        "[place for place in sys.path if 'tests' in place]",
    )
    execute(source, tmp_path / "done.ipynb", {}, tmp_path / "out")
    assert shown(tmp_path / "done.ipynb")[-2:] == [
        f"{tmp_path} {tmp_path} {tmp_path / 'out'} 1 None\n", "[]",
    ]  # fmt: skip
    assert "CWI_OUTPUT" not in os.environ


@pytest.mark.slow
@pytest.mark.parametrize("forks", [True, False])
def test_a_failure_names_its_reason_and_its_line(tmp_path: Path, forks: bool, says: Says) -> None:
    source = notebook(tmp_path / "source.ipynb", "x = 1", "# a note\ny = x\nint('no such region')")
    reason = "source.ipynb: ValueError: invalid literal for int() with base 10: 'no such region'"
    with says(ReportError, f"{reason}, at 'int('no such region')'"):
        execute(source, tmp_path / "done.ipynb", {}, forks=forks)


@pytest.mark.slow
def test_an_error_of_ours_is_its_sentence(tmp_path: Path, says: Says) -> None:
    source = notebook(tmp_path / "source.ipynb", "import cwi\ncwi.read_edition(1999)")
    there_are = f"there are {', '.join(map(str, editions()))}"
    with says(ReportError, f"source.ipynb: DataError: there is no edition of 1999; {there_are}"):
        execute(source, tmp_path / "done.ipynb", {})
    text = (tmp_path / "done.ipynb").read_text(encoding="utf-8")
    assert "in line 2 of the cell: cwi.read_edition(1999)" in text
    assert "Traceback" not in text


PROCESS = (
    "import os, subprocess\nchild = subprocess.Popen(['sleep', '300'])\n"
    "open('pids', 'w').write(f'{os.getpid()} {child.pid}')"
)


@pytest.mark.slow
def test_what_takes_too_long_is_stopped_with_all_that_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: Says
) -> None:
    monkeypatch.setattr(render, "TIME_LIMIT", 2)
    monkeypatch.setenv("CWI_ROOT", str(tmp_path))
    source = notebook(tmp_path / "source.ipynb", PROCESS, "import time; time.sleep(300)")
    with says(ReportError, "source.ipynb: a cell ran longer than 2 s and was stopped"):
        execute(source, tmp_path / "done.ipynb", {})
    kernel, _ = map(int, (tmp_path / "pids").read_text().split())
    with pytest.raises(ProcessLookupError):
        os.kill(kernel, 0)


@pytest.mark.slow
def test_a_kernel_that_ends_is_one_sentence(tmp_path: Path, says: Says) -> None:
    source = notebook(tmp_path / "source.ipynb", "import os; os._exit(3)")
    with says(
        ReportError,
        "source.ipynb: the kernel ended before the notebook did; it was killed, or the memory was used up",
    ):
        execute(source, tmp_path / "done.ipynb", {})


PROGRAM = """
import sys
from pathlib import Path
from cwi.report.render import execute
execute(Path(sys.argv[1]), Path(sys.argv[2]), {})
"""


@pytest.mark.slow
def test_a_kernel_ends_with_the_program_that_asked_for_it(tmp_path: Path) -> None:
    """A program without 'if __name__', killed while the notebook runs; its output closes when all have ended."""
    source = notebook(tmp_path / "source.ipynb", "import os, time; os.write(1, b'running\\n'); time.sleep(300)")
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(source), str(tmp_path / "done.ipynb")], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout
    assert "running" in program.stdout.readline()
    program.kill()
    program.wait()
    program.stdout.read()
    program.stdout.close()


def test_other_variables_and_other_code_start_an_ordinary_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    assert prepare()
    assert prepare({**os.environ, "CWI_OUTPUT": "elsewhere"})
    assert not prepare({**os.environ, "PYTHONPATH": "elsewhere"})
    process = sys.modules[ForkedProcess.__module__]
    code, variables = process._state(os.environ)
    monkeypatch.setattr(process, "_state", lambda _: (code | {"cwi/new.py": (1, 1)}, variables))
    assert not prepare()
