"""Writes more than the file system takes: a limit on the size of files stands for a full disk."""

import os
import resource
import signal
import sys

from gradatim.core import atomic

path = sys.argv[1]
atomic.replace_file(path, "old" * 100)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    atomic.replace_file(path, "new" * 100_000)
except OSError as error:
    print(error.strerror, os.listdir(os.path.dirname(path)))
