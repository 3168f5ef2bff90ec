"""Runs a command and ends it, with everything it started, when standard input closes.

The emulator holds the other end of standard input. However the emulator ends, a kill -9 included, the system closes
that end, so that no job and no model server outlives it.

Usage: supervise.py GRACE_SECONDS COMMAND [ARGUMENT...]
Exits as the command does; 128 plus the signal's number when a signal ended it; 127 when it could not be started.
"""
import os
import signal
import subprocess
import sys
import threading


def signal_group(leader, number):
    """Signals the command's process group; one that is already gone is no error."""
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        pass


def stop_when_input_closes(child, grace):
    """Waits for the end of standard input, then asks the command to end and, after `grace` seconds, ends it."""
    while os.read(0, 64):
        pass
    stop(child, grace)


def stop(child, grace):
    signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(grace)
    except subprocess.TimeoutExpired:
        pass
    signal_group(child.pid, signal.SIGKILL)


def main():
    grace = float(sys.argv[1])
    command = sys.argv[2:]
    # Blocked until the child is known, so that a signal in between is not lost.
    signals = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, signals),
        )
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr)
        sys.exit(127)
    for number in signals:
        signal.signal(number, lambda *_: threading.Thread(target=stop, args=(child, grace), daemon=True).start())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)
    threading.Thread(target=stop_when_input_closes, args=(child, grace), daemon=True).start()
    code = child.wait()
    # What the command left running in its group ends with it.
    signal_group(child.pid, signal.SIGKILL)
    sys.exit(code if code >= 0 else 128 - code)


main()
