"""Runs a command and ends it, with everything it started, when standard input closes.

The emulator holds the other end of standard input. However the emulator ends, a kill -9 included, the system closes
that end, so that no job and no model server outlives it.

Usage: supervise.py GRACE_SECONDS COMMAND [ARGUMENT...]
Exits as the command does; 128 plus the signal's number when a signal ended it; 127 when it could not be started.
"""
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans():
    """On Linux, processes whose parent has died become children of this one: those that left the group are found too."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (AttributeError, OSError):
        pass


def descendants():
    """Every running process below this one, from /proc; empty where there is none."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc") if os.path.isdir("/proc/self") else []):
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                state, parent = file.read().rpartition(b")")[2].split()[:2]
        except OSError:
            continue
        if state != b"Z":
            parents[int(name)] = int(parent)
    found, front = set(), {os.getpid()}
    while front:
        front = {pid for pid, parent in parents.items() if parent in front and pid not in found}
        found |= front
    return found


def signal_group(leader, number):
    """Signals the command's process group and what left it; who is already gone is no error."""
    for send, target in [(os.killpg, leader), *((os.kill, pid) for pid in descendants())]:
        try:
            send(target, number)
        except (ProcessLookupError, PermissionError):
            pass


def kill_all(leader):
    """Ends everything below, again and again: what is killed may have just started another."""
    deadline = time.monotonic() + 5
    signal_group(leader, signal.SIGKILL)
    while descendants() and time.monotonic() < deadline:
        time.sleep(0.01)
        signal_group(leader, signal.SIGKILL)


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
    kill_all(child.pid)


def main():
    adopt_orphans()
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
    # What the command left running ends with it.
    kill_all(child.pid)
    sys.exit(code if code >= 0 else 128 - code)


main()
