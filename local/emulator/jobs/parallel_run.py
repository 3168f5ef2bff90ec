"""Runs an entry script over mini batches of files, several at a time, as the service's parallel jobs do.

The script has init() and run(mini_batch); run gets a list of file paths and returns a list or a data frame with an entry a
file. What it returns is appended to one file. Needs the standard library only; data frames are taken where pandas is there.
"""
import argparse
import concurrent.futures
import glob
import importlib.util
import os
import re
import signal
import sys
import traceback

_script = None


def _load(entry, arguments, timeout):
    """Once in each worker: the script and its init()."""
    global _script
    sys.argv = [entry] + arguments
    sys.path.insert(0, os.getcwd())
    spec = importlib.util.spec_from_file_location("entry_script", os.path.join(os.getcwd(), entry))
    if spec is None or spec.loader is None or not os.path.exists(entry):
        raise FileNotFoundError(f"The entry script {entry} does not exist.")
    _script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(_script)
    if hasattr(_script, "init"):
        _script.init()


def _time_out(*_):
    raise TimeoutError("The mini batch has reached its time limit.")


def _run(batch, timeout):
    """One mini batch: its rows as text, or the error's text."""
    if hasattr(signal, "SIGALRM") and timeout > 0:
        signal.signal(signal.SIGALRM, _time_out)
        signal.setitimer(signal.ITIMER_REAL, timeout)
    try:
        return _rows(_script.run(list(batch))), None
    except Exception:  # whatever the script throws counts as the batch's failure
        return [], traceback.format_exc()
    finally:
        if hasattr(signal, "SIGALRM"):
            signal.setitimer(signal.ITIMER_REAL, 0)


def _rows(result):
    if hasattr(result, "to_csv"):
        text = result.to_csv(sep=" ", header=False, index=False)
        return [line for line in text.split("\n") if line != ""]
    if isinstance(result, (str, bytes, dict)) or not hasattr(result, "__iter__"):
        raise TypeError("run() must return a list or a data frame with an entry for each item.")
    return [str(item) for item in result]


def input_files(path):
    """The files of an input: itself, those of a folder, or those an MLTable of files names."""
    if os.path.isfile(path):
        return [path]
    table = os.path.join(path, "MLTable")
    if os.path.isfile(table):
        return table_files(path, open(table, encoding="utf-8").read())
    found = [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    return sorted(found)


def table_files(folder, text):
    if re.search(r"^\s*-\s*read_\w+", text, re.M):
        sys.exit("The emulator splits the files of an input, not the rows of a table: leave out the read_… transformation.")
    files = []
    for kind, value in re.findall(r"^\s*-\s*(file|folder|pattern):\s*['\"]?([^'\"\n]+?)['\"]?\s*$", text, re.M):
        place = os.path.join(folder, value)
        if kind == "pattern":
            files += [name for name in glob.glob(place, recursive=True) if os.path.isfile(name)]
        else:
            files += input_files(place)
    return sorted(files)


def run_all(options, batches):
    """Rows in the order of the batches, and what failed: items and batches."""
    rows = {}
    failed_items = failed_batches = 0
    attempts = {index: 0 for index in range(len(batches))}
    workers = concurrent.futures.ProcessPoolExecutor(
        max_workers=max(1, min(options.concurrency, len(batches))),
        initializer=_load,
        initargs=(options.entry_script, options.arguments, options.timeout),
    )
    with workers as pool:
        submit = lambda index: pool.submit(_run, batches[index], options.timeout)
        waiting = {submit(index): index for index in attempts}
        while waiting:
            done, _ = concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
            for future in done:
                index = waiting.pop(future)
                rows[index], error = future.result()
                attempts[index] += 1
                if error is not None and attempts[index] <= options.max_retries:
                    print(f"Mini batch {index} failed, trying again.\n{error}", flush=True)
                    waiting[submit(index)] = index
                elif error is not None:
                    print(f"Mini batch {index} failed.\n{error}", file=sys.stderr, flush=True)
                    failed_batches += 1
                    failed_items += len(batches[index])
                else:
                    failed_items += max(0, len(batches[index]) - len(rows[index]))
                    print(f"Mini batch {index}: {len(batches[index])} items, {len(rows[index])} results.", flush=True)
    return [row for index in sorted(rows) for row in rows[index]], failed_items, failed_batches


def read_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--entry-script", required=True)
    parser.add_argument("--input", required=True)
    parser.add_argument("--append-row-to", default="")
    parser.add_argument("--mini-batch-size", type=int, default=10)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--error-threshold", type=int, default=-1)
    parser.add_argument("--mini-batch-error-threshold", type=int, default=-1)
    parser.add_argument("--max-retries", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=60)
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    options.arguments = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    return options


def main():
    options = read_options()
    files = input_files(options.input)
    size = max(1, options.mini_batch_size)
    batches = [files[start : start + size] for start in range(0, len(files), size)]
    print(f"{len(files)} items in {len(batches)} mini batches.", flush=True)
    if not batches:
        sys.exit("The input has no files.")
    rows, failed_items, failed_batches = run_all(options, batches)
    if options.append_row_to != "":
        target = options.append_row_to
        if os.path.isdir(target):
            target = os.path.join(target, "parallel_run_step.txt")
        with open(target, "a", encoding="utf-8") as file:
            file.writelines(row + "\n" for row in rows)
    print(f"{len(rows)} results, {failed_items} failed items, {failed_batches} failed mini batches.", flush=True)
    if 0 <= options.error_threshold < failed_items:
        sys.exit(f"The run failed: {failed_items} failed items, error_threshold is {options.error_threshold}.")
    if 0 <= options.mini_batch_error_threshold < failed_batches:
        sys.exit(
            f"The run failed: {failed_batches} failed mini batches, "
            f"mini_batch_error_threshold is {options.mini_batch_error_threshold}."
        )


if __name__ == "__main__":
    main()
