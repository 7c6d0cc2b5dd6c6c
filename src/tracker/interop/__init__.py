"""Other trackers: what they kept is brought in, and what is here is given to them.

records, values    runs and experiments as a source tells them, whoever kept them
importing          records into the store: once each, whole, and again where an import was cut off
logged_models, registering   MLflow 3's models beside runs, registered models
filing             a run's files into the store
store_copy, run_lines, registry_copy   stores and zips of ours, to the last bit
exporting, archive, mlflow_export, tables_export   the way out
sources            which source a path is
mlflow_files, mlflow_database, tables, tensorboard, wandb_runs, trackio, neptune, aim_runs   the sources
tensorboard_events, wandb_log, protobuf                                           their files' formats
"""
