"""Ranks as forks of this process: what it has loaded, a fork need not load again."""

import os
import sys
import traceback


def exit_codes(live, ranks):
    """What each rank ends with after ``live(rank)``: 0, 1 after an error, -9 after a kill."""
    children = []
    for rank in ranks:
        child = os.fork()
        if not child:
            code = 1
            try:
                live(rank)
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        children.append(child)
    return [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
