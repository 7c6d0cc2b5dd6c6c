"""Hugging Face's transformers: autologging of its `Trainer`, and `TrackerCallback` to hand to one."""

from __future__ import annotations

from typing import Any

from tracker.autolog import huggingface
from tracker.autolog.huggingface import autolog

__all__ = ["autolog"]


def __getattr__(name: str) -> Any:
    return getattr(huggingface, name)
