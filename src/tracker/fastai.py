"""fastai: autologging of its learners."""

from tracker.autolog.fastai import autolog

__all__ = ["autolog"]
