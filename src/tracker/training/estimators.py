"""scikit-learn's estimators by name: the panel and HTTP can name nothing else.

Invariant: a name is looked up among those that scikit-learn lists; nothing is imported by a name from outside.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from typing import Any, Final

from tracker.exceptions import InvalidValue

KINDS: Final = ("classifier", "regressor")
SCORING: Final = {"classifier": "accuracy", "regressor": "r2"}
_GRIDS: Final[dict[str, dict[str, list[Any]]]] = {
    "LogisticRegression": {"C": [0.01, 0.1, 1.0, 10.0]},
    "LinearRegression": {"fit_intercept": [True, False]},
    "Ridge": {"alpha": [0.1, 1.0, 10.0]},
    "Lasso": {"alpha": [0.01, 0.1, 1.0]},
    "SVC": {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"]},
    "SVR": {"C": [0.1, 1.0, 10.0]},
    "KNeighborsClassifier": {"n_neighbors": [3, 5, 11]},
    "KNeighborsRegressor": {"n_neighbors": [3, 5, 11]},
    "DecisionTreeClassifier": {"max_depth": [3, 6, None]},
    "DecisionTreeRegressor": {"max_depth": [3, 6, None]},
    "RandomForestClassifier": {"n_estimators": [100, 300], "max_depth": [None, 6]},
    "RandomForestRegressor": {"n_estimators": [100, 300], "max_depth": [None, 6]},
    "GradientBoostingClassifier": {"learning_rate": [0.03, 0.1], "n_estimators": [100, 300]},
    "GradientBoostingRegressor": {"learning_rate": [0.03, 0.1], "n_estimators": [100, 300]},
}


def require_sklearn() -> Any:
    """scikit-learn. Raises InvalidValue, naming what to install."""
    try:
        import sklearn
    except ImportError as error:
        raise InvalidValue(
            "The trainer needs scikit-learn, which is not installed: pip install scikit-learn."
        ) from error
    return sklearn


@lru_cache(maxsize=2)
def estimators(kind: str) -> dict[str, type]:
    """Those of a kind ("classifier" or "regressor") that can be made with no argument, by name."""
    require_sklearn()
    from sklearn.utils import all_estimators

    if kind not in KINDS:
        raise InvalidValue(f"The trainer trains a {' or a '.join(KINDS)}; got {kind!r}.")
    return {name: made for name, made in all_estimators(type_filter=kind) if not _needs_arguments(made)}


def _needs_arguments(made: type) -> bool:
    parameters = inspect.signature(made).parameters.values()
    return any(
        one.default is one.empty and one.kind in (one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY) for one in parameters
    )


def estimator(name: Any) -> type:
    """The class of this name. Raises InvalidValue, naming what is near."""
    for kind in KINDS:
        found = estimators(kind).get(name) if isinstance(name, str) else None
        if found is not None:
            return found
    import difflib

    near = difflib.get_close_matches(str(name), [*estimators(KINDS[0]), *estimators(KINDS[1])], n=3)
    hint = (
        f"Did you mean {', '.join(near)}?" if near else "There are LogisticRegression, LinearRegression, SVC and so on."
    )
    raise InvalidValue(f"scikit-learn has no classifier or regressor {name!r} that can be tried here. {hint}")


def kind_of(made: type) -> str:
    """ "classifier" or "regressor"."""
    return "classifier" if made.__name__ in estimators("classifier") else "regressor"


def parameters_of(made: type) -> dict[str, Any]:
    """Its hyperparameters and their defaults."""
    return dict(made().get_params(deep=False))


def first_grid(name: str) -> dict[str, list[Any]]:
    """A grid to begin with: one that is known to be worth trying, else the first parameters' defaults."""
    if name in _GRIDS:
        return {key: list(values) for key, values in _GRIDS[name].items()}
    plain = {
        k: v for k, v in parameters_of(estimator(name)).items() if isinstance(v, int | float | str) and k != "verbose"
    }
    return {key: [value] for key, value in list(plain.items())[:2]}


def scorings() -> list[str]:
    """What candidates can be compared by."""
    require_sklearn()
    from sklearn.metrics import get_scorer_names

    return list(get_scorer_names())
