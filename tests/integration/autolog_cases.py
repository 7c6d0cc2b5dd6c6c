"""Trainings that are logged by MLflow and by us, to compare what is kept. Names of variables are part of the cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CASES: dict[str, Callable[[], Any]] = {}


def case(function: Callable[[], Any]) -> Callable[[], Any]:
    CASES[function.__name__] = function
    return function


def _iris() -> Any:
    from sklearn.datasets import load_iris
    from sklearn.model_selection import train_test_split

    X, y = load_iris(return_X_y=True, as_frame=True)
    return train_test_split(X, y, random_state=0)


def _cancer() -> Any:
    from sklearn.datasets import load_breast_cancer
    from sklearn.model_selection import train_test_split

    X, y = load_breast_cancer(return_X_y=True)
    return train_test_split(X[:, :5], y, random_state=0)


@case
def sklearn_classifier() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score

    X_train, X_test, y_train, y_test = _iris()
    model = LogisticRegression(max_iter=500).fit(X_train, y_train)
    model.score(X_test, y_test)
    model.score(X_train, y_train)
    predictions = model.predict(X_test)
    accuracy_score(y_test, predictions)
    f1_score(y_test, predictions, average="macro")
    f1_score(y_test, predictions, average="micro")


@case
def sklearn_binary() -> None:
    from sklearn.ensemble import RandomForestClassifier

    X_train, _, y_train, _ = _cancer()
    RandomForestClassifier(n_estimators=5, random_state=0).fit(X_train, y_train)


@case
def sklearn_regressor() -> None:
    from sklearn.linear_model import Ridge
    from sklearn.metrics import mean_squared_error, r2_score

    X_train, X_test, y_train, y_test = _iris()
    model = Ridge(alpha=0.5).fit(X_train, y_train)
    mean_squared_error(y_test, model.predict(X_test))
    r2_score(y_test, model.predict(X_test))


@case
def sklearn_pipeline() -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    X_train, X_test, y_train, y_test = _iris()
    model = make_pipeline(StandardScaler(), SVC(C=2.0))
    model.fit(X_train, y_train)
    model.score(X_test, y_test)


@case
def sklearn_grid_search() -> None:
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    X_train, X_test, y_train, y_test = _iris()
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4, 5, 6, 7]}, cv=3)
    search.fit(X_train, y_train)
    search.score(X_test, y_test)


@case
def sklearn_random_search() -> None:
    from sklearn.model_selection import RandomizedSearchCV
    from sklearn.tree import DecisionTreeRegressor

    X_train, _, y_train, _ = _iris()
    tree = DecisionTreeRegressor(random_state=0)
    RandomizedSearchCV(tree, {"max_depth": [1, 2, 3]}, n_iter=2, cv=2, random_state=0).fit(X_train, y_train)


@case
def sklearn_cluster() -> None:
    from sklearn.cluster import KMeans

    X_train, _, _, _ = _iris()
    KMeans(n_clusters=3, n_init=2, random_state=0).fit_predict(X_train)


@case
def sklearn_transformer() -> None:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    X_train, _, _, _ = _iris()
    PCA(n_components=2).fit_transform(StandardScaler().fit_transform(X_train))


@case
def sklearn_cross_validation() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import cross_val_score

    X_train, _, y_train, _ = _iris()
    cross_val_score(LogisticRegression(max_iter=500), X_train, y_train, cv=2)


@case
def xgboost_train() -> None:
    import xgboost

    X_train, X_test, y_train, y_test = _cancer()
    train, test = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)
    xgboost.train(
        {"objective": "binary:logistic", "eval_metric": ["logloss", "auc"], "max_depth": 2, "eta": 1.0},
        train, num_boost_round=12, evals=[(train, "train"), (test, "test")], early_stopping_rounds=2,
        verbose_eval=False,
    )  # fmt: skip


@case
def xgboost_sklearn() -> None:
    import xgboost

    X_train, X_test, y_train, y_test = _cancer()
    model = xgboost.XGBClassifier(n_estimators=4, max_depth=2)
    model.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
    model.score(X_test, y_test)


@case
def lightgbm_train() -> None:
    import lightgbm

    X_train, X_test, y_train, y_test = _cancer()
    train = lightgbm.Dataset(X_train, y_train)
    test = lightgbm.Dataset(X_test, y_test, reference=train)
    lightgbm.train(
        {"objective": "binary", "metric": ["binary_logloss", "auc"], "num_leaves": 4, "verbose": -1},
        train, num_boost_round=12, valid_sets=[train, test], valid_names=["train", "test"],
        callbacks=[lightgbm.early_stopping(2, verbose=False)],
    )  # fmt: skip


@case
def lightgbm_sklearn() -> None:
    import lightgbm

    X_train, X_test, y_train, y_test = _cancer()
    model = lightgbm.LGBMClassifier(n_estimators=4, num_leaves=4, verbose=-1)
    model.fit(X_train, y_train, eval_X=(X_test,), eval_y=(y_test,))
    model.score(X_test, y_test)


@case
def statsmodels_ols() -> None:
    import statsmodels.api as sm

    X_train, _, y_train, _ = _iris()
    sm.OLS(y_train, sm.add_constant(X_train)).fit()


@case
def statsmodels_logit() -> None:
    import statsmodels.api as sm

    X_train, _, y_train, _ = _cancer()
    sm.Logit(y_train, sm.add_constant(X_train[:, :2])).fit(disp=False)


def loaders() -> Any:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    torch.manual_seed(0)
    X = torch.randn(64, 3)
    data = TensorDataset(X, X.sum(dim=1, keepdim=True))
    return DataLoader(data, batch_size=16), DataLoader(data, batch_size=32)


def module_of(pl: Any) -> Any:
    """A module of `lightning.pytorch` or `pytorch_lightning`."""
    import torch

    class Linear(pl.LightningModule):
        def __init__(self, width: int = 3, lr: float = 0.05) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(width, 1)

        def forward(self, x: Any) -> Any:
            return self.layer(x)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = torch.nn.functional.mse_loss(self(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=True, on_epoch=True)
            return loss

        def validation_step(self, batch: Any, index: int) -> None:
            self.log("val_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def test_step(self, batch: Any, index: int) -> None:
            self.log("test_loss", torch.nn.functional.mse_loss(self(batch[0]), batch[1]))

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), lr=self.hparams["lr"])

    return Linear()


@case
def pytorch_lightning_fit() -> None:
    import pytorch_lightning as pl
    from pytorch_lightning.callbacks import EarlyStopping

    train, valid = loaders()
    trainer = pl.Trainer(
        max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, callbacks=[EarlyStopping("val_loss", patience=5)],
    )  # fmt: skip
    module = module_of(pl)
    trainer.fit(module, train, valid)
    trainer.test(module, valid, verbose=False)


@case
def keras_fit() -> None:
    import os

    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras
    import numpy as np

    X = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    y = X.sum(axis=1, keepdims=True)
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss="mse", metrics=["mae"])
    model.fit(X, y, batch_size=16, epochs=3, validation_split=0.25, verbose=0)
