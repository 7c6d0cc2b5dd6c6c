"""What is shown by a widget where there is a page, and by its saved bundle in any case."""

from __future__ import annotations

from typing import Any

from tracker.notebook.frontend import shows_widgets

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Display:
    """The widget is made when it is first shown: a headless execution makes none, so that it keeps none."""

    _made: Any = None

    @property
    def widget(self) -> Any:
        """The widget in the page."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def _make(self) -> Any:
        raise NotImplementedError

    def _saved(self) -> dict[str, Any]:
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        from IPython import get_ipython

        shell = get_ipython()
        if not shows_widgets(shell.user_ns if shell is not None else {}):
            return self._saved()
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {**self._saved(), WIDGET_VIEW: view}


class RunsDisplay(Display):
    """A display of runs, of which some can be selected; what a person chose in the page is known here."""

    _state: dict[str, Any]
    _selected: list[str]

    @property
    def state(self) -> dict[str, Any]:
        """What is seen of the runs and how, as the page has it now; can be set."""
        return dict(self._made.state) if self._made is not None else self._state

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._state = state
        if self._made is not None:
            self._made.state = state

    @property
    def selected(self) -> list[str]:
        """The ids of the selected runs, as the page has them now; can be set."""
        return list(self._made.selected) if self._made is not None else self._selected

    @selected.setter
    def selected(self, runs: Any) -> None:
        from tracker.query import frames

        self._selected = frames.run_ids(runs) if len(runs) else []
        if self._made is not None:
            self._made.selected = self._selected
