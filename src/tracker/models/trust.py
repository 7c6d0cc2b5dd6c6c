"""Which models may run code when they are loaded.

A pickle, a folder of code and a model written as a script run whatever they hold. Such a model is loaded only when
this user wrote it into the current store, or on `trust=True`. What was written is vouched for by a file in the store: a
keyed hash of every byte of the model's folder, under a key that only this user's machine has. A store, a model or a
note from elsewhere cannot make one, and a folder that was changed has another hash.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from functools import lru_cache
from pathlib import Path

from tracker.exceptions import UntrustedModel
from tracker.store import Store
from tracker.store.artifacts import resolve_inside, write_file

_FOLDER = "trusted"
_CONFIG_VARIABLE = "TRACKER_CONFIG_DIR"


def vouch_for(store: Store, folder: Path) -> None:
    """Note in the store that this user wrote the model in `folder`, as it is now. Raises StoreError, OSError."""
    store.ensure()
    digest = tree_digest(folder)
    write_file(_note(store, digest), _signed(store, digest).encode())


def is_vouched_for(store: Store, folder: Path) -> bool:
    """Whether this user wrote the model in `folder`, as it is now, into the store."""
    digest = tree_digest(folder)
    try:
        told = _note(store, digest).read_bytes()
    except OSError:
        return False
    return hmac.compare_digest(told, _signed(store, digest).encode())


def require_trust(store: Store, folder: Path, because: str, trust: bool) -> None:
    """Raises UntrustedModel unless the model may run code; `because` says what would."""
    if trust or is_vouched_for(store, folder):
        return
    raise UntrustedModel(
        f"The model in {folder} was not loaded: {because}, which runs any code that it holds, and this user did not "
        f"write it into the store {store.root}. If you know where it comes from: load_model(…, trust=True)."
    )


def tree_digest(folder: Path) -> str:
    """A hash of all files in a folder: names and contents."""
    total = hashlib.sha256()
    for path in sorted(_files(folder)):
        with open(path, "rb") as stream:
            content = hashlib.file_digest(stream, "sha256").hexdigest()
        total.update(f"{path.relative_to(folder).as_posix()}\0{content}\n".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def _files(folder: Path) -> list[Path]:
    found = []
    for root, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [name for name in folders if name != "__pycache__"]
        found += [Path(root, name) for name in names]
    return found


def _note(store: Store, digest: str) -> Path:
    return resolve_inside(store.root / "models" / _FOLDER, digest)


def _signed(store: Store, digest: str) -> str:
    return hmac.new(_key(str(_config_folder())), f"{store.id}:{digest}".encode(), "sha256").hexdigest()


def _config_folder() -> Path:
    told = os.environ.get(_CONFIG_VARIABLE)
    if told:
        return Path(told)
    if os.name == "nt":
        return Path(os.environ.get("APPDATA") or Path.home(), "jupyter-tracker")
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config", "jupyter-tracker")


@lru_cache(maxsize=4)
def _key(folder: str) -> bytes:
    """This user's secret, made on first use; one of this process alone where none can be kept."""
    path = Path(folder, "model_key")
    try:
        if not path.exists():
            fresh = path.with_name(f"model_key.{secrets.token_hex(8)}")
            write_file(fresh, secrets.token_bytes(32))
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process was first
            finally:
                fresh.unlink()
        return path.read_bytes()
    except OSError:
        return secrets.token_bytes(32)
