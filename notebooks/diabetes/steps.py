"""The steps that are functions: each is given paths, and makes its products. Ploomber runs them too."""

import json
from pathlib import Path

import pandas as pd
from sklearn.datasets import load_diabetes

import tracker

NAMES = {
    "bp": "blood_pressure", "s1": "cholesterol", "s2": "ldl", "s3": "hdl", "s4": "cholesterol_ratio",
    "s5": "log_triglycerides", "s6": "glucose",
}


def clean(product, keep_for_later):
    """Patients with readable names, without what can hardly be, and a yes or no to predict; some are kept for later."""
    patients = load_diabetes(as_frame=True, scaled=False).frame.rename(columns=NAMES)
    patients["sex"] = patients["sex"].map({1.0: "a", 2.0: "b"})
    labs = patients[list(NAMES.values())]
    plausible = ((labs - labs.mean()).abs() < 3.5 * labs.std()).all(axis=1)
    patients = patients[plausible].assign(worse=(patients["target"] > patients["target"].median()).astype(int))
    new = patients.sample(frac=keep_for_later, random_state=0)
    patients.drop(new.index).drop(columns="target").to_csv(str(product["patients"]), index=False)
    new.drop(columns=["target"]).to_csv(str(product["new"]), index=False)
    tracker.log_metrics({"patients": len(patients), "left_out": int((~plausible).sum())})


def predict(product, upstream):
    """Batch inference: the registered model on the patients that were kept for later."""
    import tracker.pyfunc

    new = pd.read_csv(str(upstream["clean"]["new"]))
    uri = json.loads(Path(upstream["train"]["model"]).read_text())["uri"]
    model = tracker.pyfunc.load_model(uri)
    new["predicted"] = model.predict(new.drop(columns="worse"))
    new.to_csv(str(product), index=False)
    tracker.log_param("model", uri)
    tracker.log_metric("accuracy_on_new", float((new["predicted"] == new["worse"]).mean()))
