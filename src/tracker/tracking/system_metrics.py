"""Metrics of the machine while a run is open, under MLflow's names (`system/…`), sampled by a thread of its own.

psutil tells processor, memory, disk and network, NVML the graphics cards; what is not installed or not there is left
out. A sample costs about a millisecond, so that at the default of one in ten seconds the thread costs far below 1 %.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tracker.exceptions import InvalidState, InvalidValue, TrackerError

if TYPE_CHECKING:
    from tracker.tracking.context import ActiveRun
    from tracker.tracking.writer import RunWriter

DEFAULT_SECONDS: Final = 10.0
_VARIABLE: Final = "MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING"
_MB: Final = 1e6

_settings: dict[str, Any] = {"enabled": None, "seconds": DEFAULT_SECONDS}


def enable_system_metrics_logging() -> None:
    """Let every run that starts from now on log the machine's metrics."""
    _settings["enabled"] = True


def disable_system_metrics_logging() -> None:
    """Let runs that start from now on not log the machine's metrics."""
    _settings["enabled"] = False


def set_system_metrics_sampling_interval(interval: float | None) -> None:
    """Sample every `interval` seconds; None for the default of 10. Raises InvalidValue."""
    if interval is not None and not interval > 0:
        raise InvalidValue(f"The sampling interval is a number of seconds above 0; got {interval!r}.")
    _settings["seconds"] = DEFAULT_SECONDS if interval is None else float(interval)


def is_wanted(asked: bool | None) -> bool:
    """Whether a run logs the machine's metrics: as asked, else as enabled, else as the environment says."""
    if asked is not None:
        return asked
    if _settings["enabled"] is not None:
        return bool(_settings["enabled"])
    return os.environ.get(_VARIABLE, "").lower() in ("1", "true")


def watch(run: ActiveRun) -> None:
    """Sample until the run ends. Raises InvalidState if psutil is not installed."""
    arguments = (weakref.ref(run), run.writer, Sampler(), _settings["seconds"])
    threading.Thread(target=_follow, args=arguments, name="tracker-system-metrics", daemon=True).start()


def _follow(run: Callable[[], ActiveRun | None], writer: RunWriter, sampler: Sampler, wait: float) -> None:
    step = 0
    never = threading.Event()
    while not never.wait(wait if step else min(wait, 1.0)):
        open_run = run()
        if open_run is None or not open_run.is_open:
            return
        del open_run
        with suppress(TrackerError):  # the disk is full: the next sample may do
            writer.metrics(sampler.sample(), step)
        step += 1


class Sampler:
    """Reads the machine's counters; network is told since the first reading."""

    def __init__(self) -> None:
        try:
            import psutil
        except ImportError:
            raise InvalidState("System metrics need psutil: pip install psutil.") from None
        self._psutil = psutil
        psutil.cpu_percent()
        self._network = psutil.net_io_counters()
        self._cards = _cards()

    def sample(self) -> dict[str, float]:
        """The machine now: `system/cpu_utilization_percentage`, …, sizes in megabytes (10^6 bytes)."""
        psutil = self._psutil
        memory, disk, network = psutil.virtual_memory(), psutil.disk_usage(os.sep), psutil.net_io_counters()
        found = {
            "cpu_utilization_percentage": psutil.cpu_percent(),
            "system_memory_usage_megabytes": memory.used / _MB,
            "system_memory_usage_percentage": memory.used / memory.total * 100,
            "disk_usage_percentage": disk.percent,
            "disk_usage_megabytes": disk.used / _MB,
            "disk_available_megabytes": disk.free / _MB,
        }
        if network is not None and self._network is not None:
            found["network_receive_megabytes"] = (network.bytes_recv - self._network.bytes_recv) / _MB
            found["network_transmit_megabytes"] = (network.bytes_sent - self._network.bytes_sent) / _MB
        for position, card in enumerate(self._cards):
            found |= {f"gpu_{position}_{key}": value for key, value in _card(card).items()}
        return {f"system/{key}": float(value) for key, value in found.items()}


def _cards() -> list[Any]:
    """NVML's handles; none where there is no NVIDIA driver."""
    try:
        import pynvml

        pynvml.nvmlInit()
        return [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
    except Exception:  # not installed, no driver, no card, no permission
        return []


def _card(handle: Any) -> dict[str, float]:
    import pynvml

    try:
        memory, use = pynvml.nvmlDeviceGetMemoryInfo(handle), pynvml.nvmlDeviceGetUtilizationRates(handle)
        power = pynvml.nvmlDeviceGetPowerUsage(handle)
        limit = pynvml.nvmlDeviceGetEnforcedPowerLimit(handle)
    except Exception:  # a card that does not tell
        return {}
    return {
        "memory_usage_percentage": memory.used / memory.total * 100,
        "memory_usage_megabytes": memory.used / _MB,
        "utilization_percentage": use.gpu,
        "power_usage_watts": power / 1000,
        "power_usage_percentage": power / limit * 100 if limit else 0.0,
    }
