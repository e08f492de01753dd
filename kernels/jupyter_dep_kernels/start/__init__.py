"""Find the notebook, choose its environment, start Python on it."""
