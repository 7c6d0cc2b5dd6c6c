"""A program as its author wrote it for MLflow: trains a small network on digits, and logs it."""

import argparse

import mlflow
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--units", type=int, nargs="+", default=[32])
parser.add_argument("--rates", type=float, nargs="+", default=[0.001])
parser.add_argument("--epochs", type=int, default=15)
args = parser.parse_args()

digits = load_digits()
X, X_test, y, y_test = train_test_split(digits.data / 16, digits.target, random_state=0)

mlflow.set_experiment("digits")
for units in args.units:
    for rate in args.rates:
        with mlflow.start_run(run_name=f"mlp {units} @ {rate:g}"):
            mlflow.log_params({"units": units, "learning_rate": rate, "epochs": args.epochs})
            net = MLPClassifier([units], learning_rate_init=rate, random_state=0)
            for epoch in range(args.epochs):
                net.partial_fit(X, y, classes=range(10))
                mlflow.log_metric("loss", log_loss(y, net.predict_proba(X)), step=epoch)
                mlflow.log_metric("accuracy", net.score(X_test, y_test), step=epoch)
            mlflow.log_dict(net.get_params(), "network.json")
