"""What the decoding process may not do, imposed by itself before it sees a photo.

On Linux the kernel holds the limits: address space, and no byte written to any file. macOS and Windows have
no such limit on address space; there a thread ends the process once its memory has passed the limit.
Windows has no limit on writing either: there it rests on files being opened for reading only.
"""

import os
import sys
import threading
import time
from pathlib import Path

OUT_OF_MEMORY_STATUS = 77
"""With this exit status a decoding process says that it has passed its memory limit."""

_WATCH_INTERVAL_S = 0.02


def confine(memory_bytes: int) -> None:
    """Limit this process for the rest of its life."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    else:
        watch_memory(memory_bytes)


def watch_memory(memory_bytes: int) -> None:
    """End this process once it has had more memory in use than this, where the kernel has no such limit."""
    threading.Thread(target=_end_beyond, args=(memory_bytes,), name="memory watch", daemon=True).start()


def _end_beyond(memory_bytes: int) -> None:
    while peak_memory_bytes() <= memory_bytes:
        time.sleep(_WATCH_INTERVAL_S)
    os._exit(OUT_OF_MEMORY_STATUS)


def peak_memory_bytes() -> int:
    """Return the most memory that this process has had in use at any time."""
    if sys.platform == "win32":
        return _peak_commit_on_windows()
    elif sys.platform == "linux":  # noqa: RET505 - lets the type checker leave the other systems' parts out
        # ru_maxrss would count what the parent had in use when it started this process
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return 1024 * int(status.partition("VmHWM:")[2].split(maxsplit=1)[0])
    else:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    class _MemoryCounters(ctypes.Structure):
        """PROCESS_MEMORY_COUNTERS of the Windows API."""

        _fields_ = (
            ("cb", wintypes.DWORD),
            ("page_fault_count", wintypes.DWORD),
            ("peak_working_set_size", ctypes.c_size_t),
            ("working_set_size", ctypes.c_size_t),
            ("quota_peak_paged_pool_usage", ctypes.c_size_t),
            ("quota_paged_pool_usage", ctypes.c_size_t),
            ("quota_peak_non_paged_pool_usage", ctypes.c_size_t),
            ("quota_non_paged_pool_usage", ctypes.c_size_t),
            ("pagefile_usage", ctypes.c_size_t),
            ("peak_pagefile_usage", ctypes.c_size_t),
        )

    def _peak_commit_on_windows() -> int:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.GetCurrentProcess.restype = wintypes.HANDLE
        kernel.K32GetProcessMemoryInfo.argtypes = (wintypes.HANDLE, ctypes.c_void_p, wintypes.DWORD)
        counters = _MemoryCounters(cb=ctypes.sizeof(_MemoryCounters))
        process = kernel.GetCurrentProcess()
        if not kernel.K32GetProcessMemoryInfo(process, ctypes.byref(counters), counters.cb):
            raise ctypes.WinError(ctypes.get_last_error())
        return int(counters.peak_pagefile_usage)
