"""Spark ML: autologging of its estimators and pipelines."""

from tracker.autolog.spark import autolog

__all__ = ["autolog"]
