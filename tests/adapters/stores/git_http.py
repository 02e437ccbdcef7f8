"""A git server over HTTP in this process, which asks for a token as the large hosts do."""

from __future__ import annotations

import base64
import http.server
import os
import subprocess
import threading


class GitHttpServer:
    """Serves the repositories below a folder: with `token` one may read, and also push while `may_push`."""

    def __init__(self, folder, token):
        self.folder, self.may_push = folder, True
        self._wanted = "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                front._answer(self)

            do_POST = do_GET  # noqa: N815 - as http.server spells it

            def log_message(self, *words):
                """Silent."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler):
        given = handler.headers.get_all("authorization", [])
        if given != [self._wanted]:
            handler.send_response(400 if len(given) > 1 else 401)
            handler.send_header("WWW-Authenticate", 'Basic realm="git"')
            handler.end_headers()
            return
        if "receive-pack" in handler.path and not self.may_push:
            handler.send_error(403)
            return
        self._run_backend(handler)

    def _run_backend(self, handler):
        path, _, query = handler.path.partition("?")
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REMOTE_USER": "runner",
            "REQUEST_METHOD": handler.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": handler.headers.get("content-type", ""),
            "CONTENT_LENGTH": handler.headers.get("content-length", ""),
            "HTTP_CONTENT_ENCODING": handler.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": handler.headers.get("git-protocol", ""),
        }
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        out = subprocess.run(["git", "http-backend"], input=body, env=environ, check=True, capture_output=True).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        headers = [line.split(": ", 1) for line in head.decode().split("\r\n")]
        status = next((value for name, value in headers if name == "Status"), "200 OK")
        handler.send_response(int(status.split()[0]))
        for name, value in headers:
            if name != "Status":
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)
