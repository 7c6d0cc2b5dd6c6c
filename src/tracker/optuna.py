"""Optuna: autologging of its studies, and `TrackerCallback` to hand to one."""

from tracker.autolog.optuna import TrackerCallback, autolog

__all__ = ["TrackerCallback", "autolog"]
