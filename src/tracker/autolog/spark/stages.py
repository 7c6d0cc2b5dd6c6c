"""What a Spark ML estimator consists of: its stages by name, and the parameters of all of them.

A stage is named by its class, numbered in the order of the pipeline if several are of one class; the estimator itself
has no name before its parameters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any


class Stages:
    """An estimator and what it is made of."""

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator
        every = list({stage.uid: stage for stage in _walk(estimator)}.values())
        self.searches = [stage for stage in every if is_search(stage)]
        classes = Counter(type(stage).__name__ for stage in every)
        met: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        for stage in every:
            name = type(stage).__name__
            met[name] += 1
            self._names[stage.uid] = f"{name}_{met[name]}" if classes[name] > 1 else name

    def name(self, stage: Any) -> str:
        """How a stage, or the stage with a uid, is called."""
        return self._names[stage if isinstance(stage, str) else stage.uid]

    def params(self, stage: Any = None, prefix: str = "") -> dict[str, Any]:
        """The parameters of a stage (the estimator unless told) and of the stages in it."""
        stage = self.estimator if stage is None else stage
        found: dict[str, Any] = {}
        for key, value in own_params(stage).items():
            if key == "estimatorParamMaps":
                continue
            inner = _inner(key, value)
            if key == "stages":
                found[prefix + key] = [self.name(one) for one in inner]
            else:
                found[prefix + key] = self.name(value) if inner else value
            for one in () if key == "estimator" and is_search(stage) else inner:
                found |= self.params(one, f"{self.name(one)}.")
        return found

    def candidates(self, search: Any) -> list[dict[str, Any]]:
        """What a search tries: values by the stage's name and the parameter's."""
        return [
            {f"{self.name(param.parent)}.{param.name}": value for param, value in chosen.items()}
            for chosen in search.getEstimatorParamMaps()
        ]

    def described(self) -> dict[str, Any]:
        """The tree of stages and each search's candidates; empty for an estimator that is alone."""
        told: dict[str, Any] = {}
        tree = self._tree(self.estimator)
        if len(tree) > 1:
            told["hierarchy"] = tree
        for search in self.searches:
            tuned = search.getEstimator()
            told[self.name(search)] = {
                "tuning_parameter_map_list": self.candidates(search),
                "tuned_estimator_parameter_map": self.params(tuned, f"{self.name(tuned)}."),
            }
        return told

    def _tree(self, stage: Any) -> dict[str, Any]:
        tree: dict[str, Any] = {"name": self.name(stage)}
        inner = {key: _inner(key, value) for key, value in own_params(stage).items()}
        inner = {key: [self._tree(one) for one in stages] for key, stages in inner.items() if stages}
        if "stages" in inner:
            return tree | {"stages": inner["stages"]}
        if is_search(stage):
            return tree | {"evaluator": inner["evaluator"][0], "tuned_estimator": inner["estimator"][0]}
        if hasattr(stage, "getClassifier"):
            return tree | {"classifier": inner["classifier"][0]}
        return tree | ({"params": {key: stages[0] for key, stages in inner.items()}} if inner else {})


def is_search(stage: Any) -> bool:
    """Whether a stage tries candidates: CrossValidator, TrainValidationSplit."""
    return hasattr(stage, "getEstimatorParamMaps") and hasattr(stage, "fit")


def own_params(stage: Any) -> dict[str, Any]:
    """The parameters of a stage by name: as set, else their defaults."""
    return {param.name: stage.getOrDefault(param) for param in stage.params if stage.isDefined(param)}


def class_tags(estimator: Any) -> Mapping[str, str]:
    """The tags that name an estimator."""
    cls = type(estimator)
    return {"estimator_name": cls.__name__, "estimator_class": f"{cls.__module__}.{cls.__name__}"}


def _inner(key: str, value: Any) -> list[Any]:
    """The stages that a parameter holds."""
    if key == "stages":
        return list(value)
    return [value] if hasattr(value, "extractParamMap") else []


def _walk(stage: Any) -> Iterator[Any]:
    yield stage
    for key, value in own_params(stage).items():
        for one in _inner(key, value):
            yield from _walk(one)
