"""Restart and fault drills: a real service on the simulated gateway is hurt on purpose and judged by its ledger.

`catalogue` lists them, each is one function; `ground` is what it gets to work with; `invariants` judges what
was recorded; `runner` runs them in processes of their own; `report` prints what came out.
"""
