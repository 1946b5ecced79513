"""The contract judge: each request in an exchange log, held to AWS's published service models.

`exchange` reads the log, `models` finds the operation of a request, `message` reads its parameters back from its bytes,
`shapes` holds them to their shapes, `frame` the headers, and `rules` to what the models do not say. `emulated` lists
what only the emulator makes wrong.
"""
