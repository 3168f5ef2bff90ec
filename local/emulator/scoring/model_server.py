"""Serves one scoring script as the inference server of Azure Machine Learning does: init() once, run() per request.

Standard library only. Answers on the Unix socket MODEL_SERVER_SOCKET: GET / (probe), POST /score, GET /swagger.json.
Reads AML_APP_ROOT, AZUREML_ENTRY_SCRIPT, AZUREML_MODEL_DIR and WORKER_COUNT; log lines carry the time of LOCAL_CLOCK.
Exits with 3 when the script cannot be imported or its init() fails, as the inference server does.
"""
import importlib.util
import inspect
import json
import os
import shutil
import signal
import socketserver
import sys
import threading
import time
import traceback
import uuid
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

SCRIPT_FAILED = 3
RUN_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
SERVER_FAILED = "An unexpected internal error occurred. Check the logs for more info."
TREE_LIMIT = 200


def local_time():
    """Seconds since 1970 on the emulator's clock."""
    real_origin, virtual_origin, speed = map(float, os.environ.get("LOCAL_CLOCK", "0,0,1").split(","))
    return (virtual_origin + (time.time() * 1000 - real_origin) * speed) / 1000


def log(level, logger, message):
    moment = local_time()
    stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)) + f",{int(moment % 1 * 1000):03d}"
    print(f"{stamp} {level} [{os.getpid()}] {logger} - {message}", flush=True)


def fail(message):
    log("E", "azmlinfsrv", message)
    sys.exit(SCRIPT_FAILED)


class Script:
    """The user's scoring script, loaded and initialised."""

    def __init__(self, root, name):
        self.root = root
        path = os.path.join(root, name)
        try:
            spec = importlib.util.spec_from_file_location("entry_module", path)
            module = importlib.util.module_from_spec(spec)
            sys.modules["entry_module"] = module
            spec.loader.exec_module(module)
        except FileNotFoundError:
            if not os.path.exists(path):
                fail(f"No such file or directory.\n{traceback.format_exc()}Contents of {root}: {sorted(os.listdir(root))}")
            fail(traceback.format_exc())
        except BaseException:
            fail(traceback.format_exc())
        for function in ("init", "run"):
            if not callable(getattr(module, function, None)):
                fail(f"User script at {path} does not have a {function}() function defined.")
        log("I", "azmlinfsrv.user_script", f"Found user script at {path}")
        self.run = module.run
        self._read_parameters()
        self._initialise(module.init)

    def _read_parameters(self):
        parameters = inspect.signature(self.run).parameters.values()
        if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD, p.POSITIONAL_ONLY) for p in parameters):
            fail("run() cannot accept positional-only arguments, *args, or **kwargs.")
        names = [p.name for p in parameters]
        self.wants_headers = "request_headers" in names
        inputs = [name for name in names if name != "request_headers"]
        if not inputs:
            fail("run() needs to accept an argument for input data.")
        self.input_name = inputs[0]
        log(
            "I",
            "azmlinfsrv.user_script",
            "run() is not decorated. Server will invoke it with the input in JSON string.",
        )

    def _initialise(self, init):
        log("I", "azmlinfsrv.user_script", "Invoking user's init function")
        try:
            init()
        except BaseException:
            log("E", "azmlinfsrv", "User's init function failed")
            log("E", "azmlinfsrv", f"Encountered Exception {traceback.format_exc()}")
            log_tree(os.environ.get("AZUREML_MODEL_DIR", ""))
            sys.exit(SCRIPT_FAILED)
        log("I", "azmlinfsrv.user_script", "Users's init has completed successfully")

    def invoke(self, text, headers):
        """What run() makes of the request, and the milliseconds it took."""
        arguments = {self.input_name: text}
        if self.wants_headers:
            arguments["request_headers"] = headers
        started = time.perf_counter()
        output = self.run(**arguments)
        return output, (time.perf_counter() - started) * 1000


def log_tree(folder):
    if not os.path.isdir(folder):
        return
    log("I", "azmlinfsrv", "Model Directory Contents:")
    lines = 0
    for parent, folders, files in os.walk(folder):
        folders.sort()
        depth = os.path.relpath(parent, folder).count(os.sep) + (parent != folder)
        for line in ["  " * depth + os.path.basename(parent) + os.sep, *("  " * (depth + 1) + f for f in sorted(files))]:
            if lines == TREE_LIMIT:
                log("I", "azmlinfsrv", f"Output Truncated. First {TREE_LIMIT} lines shown.")
                return
            log("I", "azmlinfsrv", line)
            lines += 1


def swagger(root):
    """The script's own description where its folder has one, otherwise one that allows any object."""
    for name in ("swagger.json", "swagger2.json"):
        path = os.path.join(root, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                return json.load(file)
    failed = {"description": "The request failed", "schema": {"$ref": "#/definitions/ErrorResponse"}}
    title = "ML service"
    return {
        "swagger": "2.0",
        "info": {
            "title": title,
            "description": f"API specification for Azure Machine Learning service {title}",
            "version": "1.0",
        },
        "schemes": ["https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": {"type": "apiKey", "name": "Authorization", "in": "header"}},
        "paths": {
            "/": {
                "get": {
                    "operationId": "ServiceHealthCheck",
                    "responses": {"200": {"description": "The service is healthy"}, "default": failed},
                }
            },
            "/score": {
                "post": {
                    "operationId": "RunMLService",
                    "security": [{"Bearer": []}],
                    "parameters": [
                        {
                            "name": "serviceInputPayload",
                            "in": "body",
                            "schema": {"$ref": "#/definitions/ServiceInput"},
                        }
                    ],
                    "responses": {
                        "200": {
                            "description": "What the model answers",
                            "schema": {"$ref": "#/definitions/ServiceOutput"},
                        },
                        "default": failed,
                    },
                }
            },
        },
        "definitions": {
            "ServiceInput": {"type": "object", "example": {}},
            "ServiceOutput": {"type": "object", "example": {}},
            "ErrorResponse": {"type": "object", "properties": {"message": {"type": "string"}}},
        },
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urlsplit(self.path)
        if address.path == "/":
            return self.reply(200, b"Healthy", {"Content-Type": "text/html; charset=utf-8"})
        if address.path != "/swagger.json":
            return self.reply_json(404, {"message": "Not found"})
        version = parse_qs(address.query).get("version", ["2"])[0]
        if version not in ("2", "2.0"):
            return self.reply_json(
                404, {"message": f"Swagger version [{version}] is not valid. Supported versions: [2]."}
            )
        return self.reply_json(200, swagger(self.server.script.root))

    def do_POST(self):
        started = time.perf_counter()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.split("?")[0] == "/score":
            status, length = self.score(body)
        else:
            status, length = self.reply_json(404, {"message": "Not found"})
        taken = (time.perf_counter() - started) * 1000
        log("I", "azmlinfsrv", f"POST {self.path} {status} {taken:.3f}ms {length}")

    def score(self, body):
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as error:
            return self.reply_json(400, {"message": f"Input cannot be decoded as UTF-8: {error}"})
        try:
            with self.server.workers:
                output, taken = self.server.script.invoke(text, dict(self.headers))
        except Exception:
            log("E", "azmlinfsrv", f"Encountered Exception: {traceback.format_exc()}")
            return self.reply_json(500, {"message": RUN_FAILED}, run_failed=True)
        try:
            answer = json.dumps(output).encode()
        except (TypeError, ValueError):
            log("E", "azmlinfsrv", f"Encountered Exception: {traceback.format_exc()}")
            return self.reply_json(500, {"message": SERVER_FAILED})
        headers = {"Content-Type": "application/json", "x-ms-run-fn-exec-ms": f"{taken:.3f}"}
        return self.reply(200, answer, {**headers, "x-ms-run-function-failed": "False"})

    def reply_json(self, status, value, run_failed=False):
        headers = {"Content-Type": "application/json", "x-ms-run-function-failed": str(run_failed)}
        return self.reply(status, json.dumps(value).encode(), headers)

    def reply(self, status, body, headers):
        self.send_response(status)
        self.send_header("X-Request-ID", self.headers.get("X-Request-ID") or str(uuid.uuid4()))
        if self.headers.get("x-ms-client-request-id"):
            self.send_header("x-ms-client-request-id", self.headers["x-ms-client-request-id"])
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except BrokenPipeError:
            pass  # The caller gave up waiting.
        return status, len(body)

    def address_string(self):
        return "127.0.0.1"

    def log_message(self, *_):
        """Requests are logged by do_POST, in the inference server's own format."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    socket_path = os.environ.pop("MODEL_SERVER_SOCKET")
    root = os.environ["AML_APP_ROOT"]
    entry = os.environ["AZUREML_ENTRY_SCRIPT"]
    workers = int(os.environ.get("WORKER_COUNT") or 1)

    def leave(*_):
        # The folder was made for the socket alone; a killed emulator cannot remove it.
        shutil.rmtree(os.path.dirname(socket_path), ignore_errors=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    print("Azure ML Inferencing HTTP server (local emulator)\n\nServer Settings\n---------------", flush=True)
    print(f"Entry Script Name: {os.path.join(root, entry)}", flush=True)
    print(f"Model Directory: {os.environ.get('AZUREML_MODEL_DIR', 'None')}", flush=True)
    print(f"Worker Count: {workers}\n", flush=True)
    # As in the container: the script's folder leads, so that it can import what lies beside it.
    sys.path[0] = os.path.dirname(os.path.join(root, entry))
    sys.path.insert(1, root)
    script = Script(root, entry)
    server = Server(socket_path, Handler)
    server.script = script
    server.workers = threading.BoundedSemaphore(workers)
    log("I", "azmlinfsrv", "Listening")
    server.serve_forever()


if __name__ == "__main__":
    main()
