"""What a page is told of the store, whoever carries it there: a kernel's comm or a server's HTTP.

`answers.py` answers what a page asks, `summary.py` reads one run, `columns.py` and `numbers.py` put tables and numbers
into the shapes of js/core/types.ts. Nothing here knows IPython, a widget library or a server.
"""
