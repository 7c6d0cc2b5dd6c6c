"""The process that executes a notebook: `python -m tracker.projects.notebook_process QUESTION RUN_ID`.

A clean kernel runs the cells; the notebook with its outputs is kept as the run's artifact, also where a cell failed.
Exit codes: 0 done, 1 a cell failed.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Any, Final

_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*m")
_LAST_LINES: Final = 12


def main(question: str, run_id: str) -> int:
    """Execute what the question asks for; the exit code."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError
    except ImportError as error:
        print(f"Notebooks are executed by nbclient, which is not installed here ({error.name}): pip install nbclient")
        return 1
    asked = json.loads(Path(question).read_bytes())
    file = Path(asked["file"])
    warnings.filterwarnings("ignore", module="nbformat")  # cells without ids are given some
    warnings.filterwarnings("ignore", category=nbformat.warnings.MissingIDFieldWarning)
    _, notebook = nbformat.validator.normalize(nbformat.convert(nbformat.from_dict(asked["notebook"]), 4))
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    os.environ.update(_surroundings(file, run_id, asked))
    folder = asked.get("folder", str(file.parent))
    client = NotebookClient(
        notebook, timeout=None, kernel_name=_kernel(notebook), resources={"metadata": {"path": folder}},
        on_cell_executed=_show, extra_arguments=["--IPKernelApp.log_level=40"],
    )  # fmt: skip
    code = 1
    try:
        client.execute()
        code = 0
    except CellExecutionError as error:
        _tell(error, notebook)
    except Exception as error:
        print(f"The notebook was not executed to its end: {error}")
    finally:
        _keep(notebook, run_id, asked.get("name", file.name), asked.get("product") if code == 0 else None)
    return code


def _surroundings(file: Path, run_id: str, asked: dict[str, Any]) -> dict[str, str]:
    """What the kernel is told: the run that its tracked cells are below, or the one that its last cell is itself."""
    told = {"TRACKER_DISPLAY": "static", "IPYNB_FILE": file.name, "TRACKER_PARENT_RUN": run_id}
    return told | ({"TRACKER_CELL_RUN": run_id} if asked.get("packaged") else {})


def _kernel(notebook: Any) -> str:
    told = notebook.metadata.get("kernelspec", {})
    language = told.get("language", notebook.metadata.get("language_info", {}).get("name", "python"))
    return "python3" if str(language).lower().startswith("python") else str(told.get("name", "python3"))


def _show(cell: Any, cell_index: int, execute_reply: Any) -> None:
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            print(_COLOURS.sub("", output.text), end="", flush=True)


def _tell(error: Any, notebook: Any) -> None:
    number = next(
        (i for i, cell in enumerate(notebook.cells, 1)
         if any(output.output_type == "error" for output in cell.get("outputs", []))), 0,
    )  # fmt: skip
    lines = _COLOURS.sub("", str(getattr(error, "traceback", error))).strip().splitlines()
    print("\n".join([f"Cell {number} of {len(notebook.cells)} failed.", *lines[-_LAST_LINES:]]))


def _keep(notebook: Any, run_id: str, name: str, product: str | None) -> None:
    import nbformat

    from tracker.tracking.client import MlflowClient

    text = nbformat.writes(notebook)
    MlflowClient().log_text(run_id, text, name)
    if product:
        Path(product).parent.mkdir(parents=True, exist_ok=True)
        Path(product).write_text(_as_page(notebook) if product.endswith(".html") else text + "\n", encoding="utf-8")


def _as_page(notebook: Any) -> str:
    from nbconvert import HTMLExporter

    page: str = HTMLExporter().from_notebook_node(notebook)[0]
    return page


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
