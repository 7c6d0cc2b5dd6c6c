"""`python -m tracker.models.serving [--run] SETTINGS`: a scoring server in the background of another program.

With `--run` in the foreground, as `tracker models serve` runs it.
"""

from __future__ import annotations

import sys

from tracker.exceptions import TrackerError
from tracker.models.serving.server import Settings, background, run


def _main(arguments: list[str]) -> int:
    settings = Settings.from_json(arguments[-1])
    if "--run" not in arguments:
        return background(settings)
    try:
        run(settings)
    except TrackerError as error:
        print(f"tracker: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
