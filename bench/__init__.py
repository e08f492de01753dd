"""Speed and memory against the tools underneath: `python -m bench [--quick] [--json FILE] [case ...]`.

Run from the repository's root with the interpreter that has jupyter-dep installed. Real packages come from the index that
the user has configured; everything else lies in a temporary folder. Both sides of a comparison use one interpreter, one
lock, one warm cache, and take turns, so that a busy machine slows both: believe the ratios, not the seconds.
"""
