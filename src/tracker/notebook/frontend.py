"""What we are displayed in, as far as a kernel can tell: whether a live widget makes sense."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from tracker.tracking.provenance import VSCODE_NOTEBOOK

VARIABLE = "TRACKER_DISPLAY"


def shows_widgets(names: Mapping[str, Any]) -> bool:
    """Whether a front end with a page is likely there. TRACKER_DISPLAY=static or =widget says so outright.

    A headless execution (nbclient, nbconvert, papermill) keeps what is displayed, and a kept widget is a blank box.
    """
    asked = os.environ.get(VARIABLE, "")
    if asked:
        return asked != "static"
    in_page = "JPY_SESSION_NAME" in os.environ or "VSCODE_PID" in os.environ or VSCODE_NOTEBOOK in names
    return in_page or "google.colab" in sys.modules or "marimo" in sys.modules
