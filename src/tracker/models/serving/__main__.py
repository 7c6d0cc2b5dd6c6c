"""`python -m tracker.models.serving SETTINGS`: a scoring server in the background of another program."""

from __future__ import annotations

import sys

from tracker.models.serving.server import Settings, background

sys.exit(background(Settings.from_json(sys.argv[1])))
