"""Other trackers: what they kept is brought in.

records           runs and experiments as a source tells them, whoever kept them
importing         records into the store: once each, whole, and again where an import was cut off
sources           which source a path is
mlflow_files, mlflow_database, tables   the sources
"""
