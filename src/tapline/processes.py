"""How a process makes sure that it does not outlive the one that started it."""

from __future__ import annotations

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1  # Source: prctl(2)
# Loaded once and early: between fork and exec as little as possible should happen.
_LIBC = ctypes.CDLL(None)


def die_with_parent(parent: int) -> None:
    """Have the kernel send this process SIGTERM when process `parent`, which started it, ends.

    Call it in the new process. The kernel means the parent's thread that started it.
    """
    _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # It died before the line above took effect.
        os._exit(1)
