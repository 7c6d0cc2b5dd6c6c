"""What is kept on disk, and how it is found again.

A store is a folder: `store.json` names its format, `journal/` holds one append-only NDJSON file per writing process,
`artifacts/` the files that runs keep. Nothing here reads runs back (that is `tracker.query`), and nothing here imports
duckdb, pyarrow or pandas: this is the path that a training loop writes on.
"""

from tracker.store.experiments import Experiment
from tracker.store.location import find_store
from tracker.store.store import Store, open_store

__all__ = ["Experiment", "Store", "find_store", "open_store"]
