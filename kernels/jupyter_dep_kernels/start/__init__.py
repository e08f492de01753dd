"""Find the notebook, choose its environment, start Python in it."""
