"""The scoring server: a model behind HTTP, with MLflow's protocol.

`payloads` reads a request's body and writes an answer's, `app` is the ASGI application, `openapi` tells what the model
takes, `server` runs it in this process or in several, `handle` in a background process of a notebook.
"""
