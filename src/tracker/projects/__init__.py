"""Running again: the slices that runs keep, and reruns of them in a process of their own.

`slices` reads what a run kept, `substitution` puts other parameter values into it, `folder` gives the new process a
working folder that reads like the run's, `rerun` executes and `comparison` says whether the numbers are the same.
The process itself (`tracker.notebook.replay`) is started by name: this package knows no IPython.
"""
