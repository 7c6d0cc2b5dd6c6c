"""No credential of a tracked cell reaches the store or the card; the cell itself sees it as it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

from kernels import kernel

CELL = """%%track -n secret
api_key = "abcd-secret-1"
import os
url = "https://me:abcd-secret-2@host/path"
print(api_key, url, os.environ["SERVICE_PASSWORD"], hidden_token)
score = len(api_key)
raise ValueError(api_key)
"""
LATE = """%%track -n late
import tracker
import pandas as pd
part = "abcd-secret-5"
tracker.log_param("endpoint", "https://svc:" + part + "@host/x")
users = pd.DataFrame({"user": ["ada"], "api_token": ["abcd-secret-6"]})
n = len(str.strip("abcd-secret-5"))
users
"""


def test_a_cell_with_credentials(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("PASSWORD = 'abcd-secret-3'\nx = 1\n")
    with kernel(tmp_path, SERVICE_PASSWORD="abcd-secret-4") as shell:
        shell.run("%load_ext tracker\nhidden_token = 'kJ8' + 'hQ2zLp9RtX4vBn7M'\nimport helper")
        seen = shell.run(CELL)
        assert "abcd-secret-1 https://me:abcd-secret-2@host/path abcd-secret-4 kJ8hQ2zLp9RtX4vBn7M" in seen.text
        assert seen.plain[-1][2] == "abcd-secret-1"
        late = shell.run(LATE).card  # what is told only as it runs is masked in its source, too
    assert "abcd-secret" not in json.dumps(late) and 'part = "[masked]"' in late["source"]
    card = seen.card
    assert card["status"] == "FAILED" and [m["key"] for m in card["metrics"]] == ["score"]
    (told,) = (notice for notice in card["notices"] if notice.startswith("Masked"))
    assert "api_key" in told and "password in a URL" in told
    assert card["output"].count("[masked]") == 4 and "[masked]" in card["traceback"]
    for kept in (json.dumps(seen.ours).encode(), *everything(tmp_path / ".tracker")):
        assert b"abcd-secret" not in kept and b"kJ8hQ2zLp9RtX4vBn7M" not in kept
    assert b"x = 1" in b"".join(everything(tmp_path / ".tracker"))


def everything(root: Path) -> list[bytes]:
    return [Path(folder, name).read_bytes() for folder, _, names in os.walk(root) for name in names]
