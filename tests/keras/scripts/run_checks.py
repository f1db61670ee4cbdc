"""Runs every check on the backend that KERAS_BACKEND names: one line of JSON for each.

A check is a function `check_...` in a file `check_....py`. What it returns are the numbers that it
measured. One called `check_jax_...` is for that backend alone.
"""

import contextlib
import gc
import io
import json
import os
import sys
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path

BACKEND = os.environ["KERAS_BACKEND"]


def main() -> None:
    only = sys.argv[1:]
    import_module("gradatim.keras")
    print(json.dumps(run("check_no_other_framework_is_loaded", no_other_framework)), flush=True)
    for file in sorted(Path(__file__).parent.glob("check_*.py")):
        module = import_module(file.stem)
        for name, check in list(vars(module).items()):
            if name.startswith("check_") and meant(name) and (not only or name in only):
                gc.freeze()  # Keras collects garbage between checks: that of a check, no modules
                print(json.dumps(run(name, check)), flush=True)


def no_other_framework():
    """Only true before a check: training on JAX makes Keras itself load TensorFlow."""
    others = {"torch", "tensorflow"} - {BACKEND}
    loaded = sorted(name for name in others if sys.modules.get(name) is not None)
    assert not loaded, f"importing gradatim.keras on {BACKEND} has brought in {loaded}"
    return {"loaded": loaded}


def meant(name: str) -> bool:
    special = {"jax", "tensorflow", "torch"} & {name.split("_")[1]}
    return not special or special == {BACKEND}


def run(name, check):
    import keras

    keras.utils.clear_session()
    began, said = time.perf_counter(), io.StringIO()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("error")
            # Keras' own reading of its variables, with NumPy 2.
            warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy")
            result = {"numbers": check()}
    except Exception:
        result = {"error": traceback.format_exc() + said.getvalue()}
    return {"check": name, "seconds": round(time.perf_counter() - began, 2), **result}


if __name__ == "__main__":
    main()
