# %% [markdown]
# # How well does the model tell them apart?

# %% tags=["parameters"]
upstream = ["clean", "train"]
product = None

# %%
import json

import matplotlib.pyplot as plt
import pandas as pd
import tracker.sklearn
from sklearn.metrics import RocCurveDisplay

new = pd.read_csv(upstream["clean"]["new"])
with open(upstream["train"]["model"]) as file:
    model = tracker.sklearn.load_model(json.load(file)["uri"])

# %%
figure, axes = plt.subplots(figsize=(4.5, 4))
RocCurveDisplay.from_estimator(model, new.drop(columns="worse"), new["worse"], ax=axes, name="patients kept for later")
axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
figure.tight_layout()
figure.savefig(product["figure"], dpi=120)
