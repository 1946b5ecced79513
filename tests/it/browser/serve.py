"""Serves the pages and the backend of docs/uploading.md, to a user who is logged in.

    serve.py FOLDER PORT [PORT…]

FOLDER has what the test took out of the page: backend.py, upload.js, form.html.
"""

import pathlib
import sys
import threading
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

folder = pathlib.Path(sys.argv[1])
sys.path.insert(0, str(folder))

import backend  # noqa: E402

FILES = {"/": ("form.html", "text/html"), "/upload.js": ("upload.js", "text/javascript")}


def site(environ, respond):
    name, kind = FILES.get(environ["PATH_INFO"], (None, None))
    if name is None:
        return backend.app(environ | {"REMOTE_USER": "ann@example.com"}, respond)
    respond("200 OK", [("Content-Type", f"{kind}; charset=utf-8")])
    return [(folder / name).read_bytes()]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


servers = [make_server("127.0.0.1", int(port), site, Server, Quiet) for port in sys.argv[2:]]
for server in servers:
    threading.Thread(target=server.serve_forever, daemon=True).start()
print(*(server.server_port for server in servers), flush=True)
sys.stdin.read()
