"""Where the program starts: no arguments open the window, a command runs on the command line."""

import logging
import multiprocessing
import os
import sys


def main() -> int:
    """Run the program and return its exit code."""
    if sys.argv[1:] == ["--decoding-process"]:  # how a bundled program starts evidence.decoder's processes
        from geolocdesk.evidence.worker import main as decode

        decode()
        return 0
    # numpy's library would set a second thread on every small matrix, which then waits at full speed for the next
    # one and takes the processor from the network and the decoders; and sums would depend on the number of threads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    multiprocessing.freeze_support()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    arguments = sys.argv[1:]
    if not arguments:
        from geolocdesk.cli.window import open_empty_window

        return open_empty_window()
    from geolocdesk.cli.commands import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
