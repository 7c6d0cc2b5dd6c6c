"""TensorFlow's Keras models, under the name that MLflow's users know; see `tracker.keras`."""

from tracker.keras import load_model, log_model, save_model

__all__ = ["load_model", "log_model", "save_model"]
