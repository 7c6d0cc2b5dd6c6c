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
