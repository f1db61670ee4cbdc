"""Runs every check of one file: one line of JSON for each.

Arguments: the file's name without its ending, and by how many processes. A check is a function
`check_...`; each process runs it, and what any of them raises is its result. Warnings are errors,
except those in the file's own list QUIET, which says why.
"""

import contextlib
import datetime
import io
import json
import os
import sys
import tempfile
import time
import traceback
import warnings
from importlib import import_module
from pathlib import Path

import pytest


def main(name: str, processes: int, only: list[str]) -> None:
    import torch.multiprocessing

    with tempfile.TemporaryDirectory() as folder:
        if processes == 1:
            run_all(name, only, folder)
        else:
            # A fork need not load torch again, and torch has started no threads yet.
            torch.multiprocessing.start_processes(
                run_rank, (processes, folder, name, only), processes, start_method="fork"
            )


def run_rank(rank: int, processes: int, folder: str, name: str, only: list[str]) -> None:
    from torch import distributed

    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(processes)}
    # Accelerate wants an address, though nobody asks there: the processes meet in a file.
    os.environ |= {"MASTER_ADDR": "localhost", "MASTER_PORT": "0"}
    distributed.init_process_group(
        "gloo",
        rank=rank,
        world_size=processes,
        timeout=datetime.timedelta(seconds=600),
        store=distributed.FileStore(f"{folder}/store", processes),
    )
    run_all(name, only, folder)
    distributed.barrier()
    distributed.destroy_process_group()


def run_all(name: str, only: list[str], folder: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = import_module(name)
    for check in [check for check in vars(module) if check.startswith("check_")]:
        if not only or check in only:
            result = gathered(run(getattr(module, check), module.QUIET, Path(folder, check)))
            if result:
                print(json.dumps({"check": check, **result}), flush=True)


def run(check, quiet, folder):
    """Run a check in a folder that all processes share."""
    began, said = time.perf_counter(), io.StringIO()
    folder.mkdir(exist_ok=True)
    os.chdir(folder)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(said):
            warnings.simplefilter("error")
            for message in quiet:
                warnings.filterwarnings("ignore", message)
            check()
    except (Exception, pytest.fail.Exception):  # the latter if pytest.raises saw no error
        result = {"error": traceback.format_exc() + said.getvalue()}
    else:
        result = {}
    return {"seconds": round(time.perf_counter() - began, 2), **result}


def gathered(mine):
    """The slowest process's result, with the errors of all; None for all processes but one."""
    from torch import distributed

    if not distributed.is_initialized():
        return mine
    results = [None] * distributed.get_world_size()
    distributed.all_gather_object(results, mine)
    if distributed.get_rank() != 0:
        return None
    errors = [f"rank {i}: {r['error']}" for i, r in enumerate(results) if "error" in r]
    seconds = max(result["seconds"] for result in results)
    return {"seconds": seconds} | ({"error": "\n".join(errors)} if errors else {})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
