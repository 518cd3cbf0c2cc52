"""Celery's app, worker side and producer: `python3 celery_bench.py produce N | latency N`."""

import json
import os
import sys
import time

from celery import Celery

# As in client.mjs: seconds before calls count, and how many are told as the first ones.
WARM_UP = 4
FIRST = 100

app = Celery("bench")
app.conf.update(
    broker_url=os.environ["CELERY_BROKER_URL"],
    result_backend=os.environ.get("CELERY_RESULT_BACKEND"),
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "4")),
    worker_hijack_root_logger=False,
)


@app.task(name="bench.noop")
def noop(a, b):
    return a + b


def produce(count):
    noop.delay(1, 2)
    start = time.perf_counter()
    for i in range(count):
        noop.delay(i, 1)
    return {"rate": count / (time.perf_counter() - start)}


def latency(count):
    calls = 0

    def call():
        nonlocal calls
        calls += 1
        start = time.perf_counter()
        if noop.delay(calls, 1).get(timeout=10) != calls + 1:
            raise RuntimeError("a wrong result")
        return (time.perf_counter() - start) * 1000

    early = []
    warm = time.perf_counter() + WARM_UP
    while time.perf_counter() < warm:
        early.append(call())
    kept = sorted(call() for _ in range(count))
    first = sorted(early[:FIRST])
    return {"early": first[len(first) // 2], "p50": kept[count // 2], "p99": kept[int(count * 0.99)]}


if __name__ == "__main__":
    print(json.dumps({"produce": produce, "latency": latency}[sys.argv[1]](int(sys.argv[2]))))
