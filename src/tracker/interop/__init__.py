"""Other trackers: what they kept is brought in, and what is here is given to them.

records, values    runs and experiments as a source tells them, whoever kept them
importing          records into the store: once each, whole, and again where an import was cut off
filing             a run's files into the store
sources            which source a path is
mlflow_files, mlflow_database, tables, tensorboard, wandb_runs, trackio, neptune   the sources
tensorboard_events, wandb_log, protobuf                                           their files' formats
"""
