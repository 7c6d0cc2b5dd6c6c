"""Whether a cell drew from a global random generator: its state before and after, as a number.

Invariants: no library is imported for it, and no state is changed but by `set_states` and what `kept_states` gives;
equal states have equal numbers in every process.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import xxhash


def _number(*parts: Any) -> int:
    running = xxhash.xxh3_64()
    for part in parts:
        running.update(part if isinstance(part, bytes) else repr(part).encode())
    return int(running.intdigest())


def _python(module: Any) -> int:
    version, words, gauss = module.getstate()
    return _number(array("Q", words).tobytes(), version, gauss)


def _numpy(module: Any) -> int:
    state = module.get_state(legacy=False)
    inner = state["state"]
    key = inner["key"].tobytes() if "key" in inner else repr(inner)
    return _number(key, inner.get("pos"), state.get("has_gauss"), state.get("gauss"))


def _torch(module: Any) -> int:
    return _number(module.get_rng_state().numpy().tobytes())


_GENERATORS: Final[dict[str, tuple[str, Callable[[Any], int]]]] = {
    "random": ("random", _python),
    "numpy": ("numpy.random", _numpy),
    "torch": ("torch.random", _torch),
}


def random_states() -> dict[str, int]:
    """A number for the state of each global generator that is loaded."""
    found: dict[str, int] = {}
    for name, (module, state) in _GENERATORS.items():
        loaded = sys.modules.get(module)
        if loaded is not None:
            with suppress(Exception):  # a library that is half imported, or replaced, has no state to tell
                found[name] = state(loaded)
    return found


# -- to set again


def whole_states(names: Iterable[str]) -> dict[str, Any]:
    """The states of these generators as JSON; those that cannot be set again are left out."""
    found: dict[str, Any] = {}
    for name in names:
        module = sys.modules.get(_GENERATORS[name][0])
        if module is None:
            continue
        if name == "random":
            version, inner, gauss = module.getstate()
            found[name] = [version, list(inner), gauss]
        elif name == "torch":
            found[name] = module.get_rng_state().tolist()
        else:
            state = module.get_state(legacy=False)
            if state["bit_generator"] == "MT19937":
                inner = {"key": state["state"]["key"].tolist(), "pos": state["state"]["pos"]}
                found[name] = {**state, "state": inner}
    return found


def set_states(states: Mapping[str, Any]) -> bool:
    """Set the generators to these states; False, with nothing set, where one of them is not loaded."""
    modules = {name: sys.modules.get(_GENERATORS[name][0]) for name in states if name in _GENERATORS}
    if len(modules) < len(states) or None in modules.values():
        return False
    for name, state in states.items():
        module: Any = modules[name]
        if name == "random":
            version, inner, gauss = state
            module.setstate((version, tuple(inner), gauss))
        elif name == "torch":
            torch: Any = sys.modules["torch"]
            module.set_rng_state(torch.tensor(state, dtype=torch.uint8))
        else:
            numpy: Any = sys.modules["numpy"]
            key = numpy.array(state["state"]["key"], dtype=numpy.uint32)
            module.set_state({**state, "state": {**state["state"], "key": key}})
    return True


def kept_states() -> Callable[[], None]:
    """What gives the generators the states back that they have now."""
    givers: list[Callable[[], Any]] = []
    for name, (module, _) in _GENERATORS.items():
        loaded: Any = sys.modules.get(module)
        if loaded is None:
            continue
        with suppress(Exception):  # a library that is half imported has no state
            if name == "random":
                givers.append(partial(loaded.setstate, loaded.getstate()))
            elif name == "torch":
                givers.append(partial(loaded.set_rng_state, loaded.get_rng_state()))
            else:
                givers.append(partial(loaded.set_state, loaded.get_state(legacy=False)))

    def give_back() -> None:
        for giver in givers:
            with suppress(Exception):  # the generator was exchanged in between
                giver()

    return give_back
