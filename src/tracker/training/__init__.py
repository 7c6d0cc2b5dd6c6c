"""Trying a scikit-learn estimator's hyperparameters on data in hand, and serving the best: what the panel, Python and
HTTP do alike.

`estimators` names what can be trained, `data` hands the data to other processes, `gridsearch` is one training,
`requests` are the same by JSON. Nothing here knows a widget library or a server.
"""
