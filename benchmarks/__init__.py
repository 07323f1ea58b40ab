"""What a derivative costs: the tape, an object graph, and the peers that are installed, on the same works.

Run ``python -m benchmarks``; ``python -m benchmarks --help`` lists the choices. Read in this order: `program` (the
words), `works` (what is computed), `checks` (what is right), `contestants` (by whom), `worker` (what each is asked, in
a process of its own), `team` (how), `measure` (when), `report` and `plot` (what is shown).
"""
