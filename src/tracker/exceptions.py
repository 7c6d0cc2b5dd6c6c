"""The one exception tree. Each message says what happened, where, and what to do about it.

`error_code` carries MLflow's word for the kind of mistake, so that programs written for MLflow can tell them apart.
"""

from __future__ import annotations


class TrackerError(Exception):
    """Any fault that tracker reports; `error_code` names its kind in MLflow's words."""

    error_code = "INTERNAL_ERROR"

    def __init__(self, message: str, error_code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if error_code is not None:
            self.error_code = error_code


class InvalidValue(TrackerError):
    """A name, value or option that cannot be taken as it is."""

    error_code = "INVALID_PARAMETER_VALUE"


class NotFound(TrackerError):
    """No such run, experiment or artifact in the store."""

    error_code = "RESOURCE_DOES_NOT_EXIST"


class AlreadyExists(TrackerError):
    """The name is taken."""

    error_code = "RESOURCE_ALREADY_EXISTS"


class InvalidState(TrackerError):
    """The run or experiment is not in a state that allows this."""

    error_code = "INVALID_STATE"


class UntrustedModel(TrackerError):
    """A model that would run code when loaded, and that this user did not write into the store."""

    error_code = "PERMISSION_DENIED"


class ExecutionException(TrackerError):
    """A project's or a pipeline's program that did not succeed."""


class FilterError(InvalidValue):
    """A filter or ordering with a mistake; `position` is the 0-based place in the text."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.position = position


class StoreError(TrackerError):
    """The store cannot be read or written: not a store, a newer format, no permission, no space."""

    error_code = "TEMPORARILY_UNAVAILABLE"


MlflowException = TrackerError
