"""Spark: `tracker.pyspark.ml`."""

from tracker.pyspark import ml

__all__ = ["ml"]
