#!/bin/sh
# The main job on a real notebook: declare what it imports, lock, build, execute; then the same again, which is instant.
set -eu
here=$(dirname "$0")
python=${PYTHON:-python3}
dep() { echo "\$ jupyter dep $*"; "$python" -m jupyter_dep_cli.main "$@"; echo; }

rm -rf demo
mkdir demo
cp "$here/temperatures.ipynb" demo/
dep init demo/temperatures.ipynb --imports
dep lock demo/temperatures.ipynb
dep run demo/temperatures.ipynb -o demo/temperatures.executed.ipynb
dep status demo/temperatures.ipynb

echo "notebook:    demo/temperatures.ipynb (with outputs and the plot: demo/temperatures.executed.ipynb)"
echo "lock:        demo/pylock.temperatures.toml"
echo "environment: $("$python" -m jupyter_dep_cli.main env info demo/temperatures.ipynb --json | "$python" -c 'import json, sys; print(json.load(sys.stdin)["results"][0]["path"])')"
echo
echo 'To use it in JupyterLab: `.venv/bin/jupyter-dep setup`, open the notebook, and its kernel is that environment.'
