"""These notebooks are steps of the pipeline beside them: pipeline.ipynb runs them."""

collect_ignore_glob = ["*.ipynb", "output/*"]
