"""The packages that a run had imported, as requirements for pip with their versions."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from tracker.capture.packages import installed_version

_OWN: Final = frozenset({"tracker", "jupyter-tracker", "jupyter_tracker", "pip", "setuptools"})


def requirements(environment: Mapping[str, Any]) -> str:
    """`name==version` of each, one a line. What is known here to be no distribution of its own is a comment."""
    packages = environment.get("packages")
    process = environment.get("process")
    is_this = isinstance(process, dict) and process.get("prefix") == sys.prefix
    lines = ["# What the run had imported, as it was installed."]
    for name, version in sorted(packages.items()) if isinstance(packages, dict) else ():
        if name in _OWN:
            continue
        release = str(version).partition("+")[0]
        if is_this and installed_version(name) is None:
            lines.append(f"# {name} {version} came with another package, or from no package")
        elif release != version:
            lines.append(f"{name}=={release}  # {version}")
        else:
            lines.append(f"{name}=={version}")
    return "\n".join(lines) + "\n"
