"""Pipelines: `pipeline.yaml` in Ploomber's form, built step by step, only what changed.

`specification` reads the file, `scripts` reads scripts as notebooks, `code` says what stands for a step's source,
`state` what a step's last run left and what has changed since, `building` runs the steps, `drawing` draws the graph,
and `pipeline` is what the user holds. `function_process` is the process that a function runs in.
"""
