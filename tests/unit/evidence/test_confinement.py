import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from geolocdesk.evidence.confinement import OUT_OF_MEMORY_STATUS, peak_memory_bytes

REPOSITORY = Path(__file__).resolve().parents[3]
LIMIT_BYTES = 600 * 2**20


def run_confined(statements: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n" + textwrap.dedent(statements)
    return subprocess.run(
        [sys.executable, "-I", "-B", "-c", program], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_confined_process_writes_to_no_file(tmp_path: Path) -> None:
    existing, fresh = tmp_path / "evidence.jpg", tmp_path / "fresh"
    existing.write_bytes(b"evidence")
    done = run_confined(f"""
        from geolocdesk.evidence.confinement import confine
        confine({LIMIT_BYTES * 4})
        for path, mode in (({str(existing)!r}, "r+b"), ({str(fresh)!r}, "wb")):
            try:
                with open(path, mode, buffering=0) as stream:
                    stream.write(b"tampered")
            except OSError as error:
                print(error.strerror)
    """)
    assert done.stdout.splitlines() == ["File too large"] * 2
    assert existing.read_bytes() == b"evidence"
    assert fresh.read_bytes() == b""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds this limit itself")
def test_linux_refuses_memory_beyond_the_limit() -> None:
    done = run_confined(f"""
        from geolocdesk.evidence.confinement import confine
        confine({LIMIT_BYTES})
        try:
            bytearray({LIMIT_BYTES})
        except MemoryError:
            print("refused")
    """)
    assert done.stdout == "refused\n"


def test_elsewhere_a_thread_ends_the_process_beyond_the_limit() -> None:
    done = run_confined(f"""
        import threading
        from geolocdesk.evidence.confinement import watch_memory
        watch_memory({LIMIT_BYTES})
        hog = b"x" * {LIMIT_BYTES + 50 * 2**20}
        threading.Event().wait(60)
        print("still here")
    """)
    assert (done.returncode, done.stdout) == (OUT_OF_MEMORY_STATUS, "")


def test_within_the_limit_nothing_happens() -> None:
    done = run_confined(f"""
        from geolocdesk.evidence.confinement import confine, watch_memory
        confine({LIMIT_BYTES})
        watch_memory({LIMIT_BYTES})
        print(len(bytes(50 * 2**20)))
    """)
    assert (done.returncode, done.stdout) == (0, f"{50 * 2**20}\n")


def test_peak_memory_counts_what_was_used() -> None:
    before = peak_memory_bytes()
    hog = np.ones(before + 64 * 2**20, dtype=np.uint8)
    assert peak_memory_bytes() >= before + 64 * 2**20 * 9 // 10
    assert hog[-1] == 1
