"""TensorFlow's Keras models, under the name that MLflow's users know; see `tracker.keras`."""

from tracker.keras import autolog, load_model, log_model, save_model

__all__ = ["autolog", "load_model", "log_model", "save_model"]
