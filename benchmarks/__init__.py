"""What a derivative costs: the tape, an object graph, and the peers that are installed, on the same works.

Run ``python -m benchmarks``; ``python -m benchmarks --help`` lists the choices. Read in this order: `works`
(what is computed), `contestants` (by whom), `measure` (how it is timed), `report` (what is shown).
"""
