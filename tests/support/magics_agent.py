"""A stand-in for the agent: speaks the protocol on stdin and stdout and does what the line says.

`answer FILE` sends the JSON of that file as the outcome, `echo` the request and the variables it was started with,
`slow` progress until it is cancelled, `quick N` N progress lines, `fail`, `die`, `leave` (end after the answer),
`deaf` (never answer), `search` two hits or details, `status` what is in `status.json`,
`add` what a dry run or a real one would answer.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

cancelled = set()
writing = threading.Lock()


def send(kind, number, **fields):
    with writing:
        print(json.dumps({"type": kind, "id": number, **fields}), flush=True)


def outcome(number, headline="done", **fields):
    send("outcome", number, report={"headline": headline, "tone": "good"}, **fields)


def carry_out(request):  # noqa: C901  one branch for each command of the protocol
    number, words = request["id"], request["line"].split()
    verb = words[0]
    if verb == "answer":
        send("outcome", number, **json.loads(Path(words[1]).read_text(encoding="utf-8")))
    elif verb == "status" and Path("status.json").exists():
        send("outcome", number, verb=verb, data=json.loads(Path("status.json").read_text(encoding="utf-8")))
    elif verb == "echo":
        names = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PATH")
        seen = {"request": request, "environ": {name: os.environ.get(name) for name in names}, "pid": os.getpid()}
        outcome(number, json.dumps(seen))
    elif verb == "slow":
        while number not in cancelled:
            send("progress", number, text="resolving", phase="resolving")
            time.sleep(0.02)
        send("failure", number, code="cancelled", message="cancelled", hint="nothing was changed")
    elif verb == "quick":
        for count in range(int(words[1])):
            send("progress", number, text=f"linking {count} of {words[1]}", phase="linking")
            time.sleep(0.01)
        outcome(number)
    elif verb == "fail":
        where = {"file": "a.ipynb", "cell": 2}
        send("failure", number, code="no-such-package", message="no `nunpy`", context=where, hint="is it `numpy`?")
    elif verb == "die":
        print("one last word", file=sys.stderr, flush=True)
        os._exit(7)
    elif verb == "leave":
        outcome(number)
        os._exit(0)
    elif verb == "search" and "--details" in words:
        send("outcome", number, verb=verb, data={"name": "rich", "versions": ["14.0", "13.9"], "size": 240000})
    elif verb == "search":
        hits = [{"name": "rich", "summary": "Rich text"}, {"name": "requests", "summary": "HTTP"}]
        found = {"hits": hits, "full": False, "requirements": ["rich"] if "rich" in request["line"] else []}
        outcome(number, "2 packages", verb=verb, data=found)
    elif verb == "add" and Path("added.json").exists():
        changes = [{"name": "rich", "change": "added"}]
        more = {} if "--dry-run" in words else json.loads(Path("added.json").read_text(encoding="utf-8"))
        while more and Path("wait").exists():
            send("progress", number, text="downloading 1 of 3", phase="downloading", done=1, total=3)
            time.sleep(0.05)
        outcome(number, "added rich", verb=verb, data={"changes": changes, "download": 3_000_000}, **more)
    elif verb == "deaf":
        time.sleep(60)
    else:
        with writing:
            print("not a message")
        outcome(number, request["line"] + "|" + ", ".join(request["body"].splitlines()))


for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "cancel":
        cancelled.add(message["id"])
    else:
        threading.Thread(target=carry_out, args=(message,), daemon=True).start()
