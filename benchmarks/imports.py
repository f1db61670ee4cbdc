"""What importing costs, each time in an interpreter of its own."""

import random
import statistics
import subprocess
import sys

from interleaved import machine, show

PROGRAMS = {
    "bare Python": "",
    "import gradatim": "import gradatim",
    "import torch": "import torch",
    "import gradatim.torch": "import gradatim.torch",
    "import optax": "import optax",
    "import gradatim.jax": "import gradatim.jax",
}


def cpu_milliseconds(program):
    measure = f"{program}\nimport time; print(time.process_time() * 1e3)"
    run = [sys.executable, "-c", measure]
    return float(subprocess.run(run, capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    machine("torch", "jax", "optax")
    times = {name: [] for name in PROGRAMS}
    order = random.Random(0)
    for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 11):
        for name in order.sample(list(PROGRAMS), len(PROGRAMS)):
            times[name].append(cpu_milliseconds(PROGRAMS[name]))
    median = {name: statistics.median(each) for name, each in times.items()}
    bare, torch, optax = (median[n] for n in ("bare Python", "import torch", "import optax"))
    over = {"import gradatim.torch": torch, "import gradatim.jax": optax}
    rows = [
        (name, ms, ms - bare, f"{ms / over[name]:.3f}" if name in over else "")
        for name, ms in median.items()
    ]
    show("CPU time to import", ("", "ms", "ms over bare", "of the framework alone"), rows)
