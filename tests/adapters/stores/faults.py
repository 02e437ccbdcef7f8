"""Ways to lose, delay or refuse what goes between a store and its service."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import threading
from enum import StrEnum


class Fault(StrEnum):
    LOSE_REPLY = "the request is carried out, its reply is lost"
    LOSE_REQUEST = "the request is lost"
    MUTE = "the request waits for ever, and so does its sender"
    STORE_THEN_REFUSE = "the request is carried out, and its repetition by something between is refused (412)"
    DELAY = "the client sees a lost connection, the request is carried out on release()"


class TcpProxy:
    """Forwards to a port; the next chunk from a client that contains `pattern` meets the fault."""

    def __init__(self, target):
        self._target = target
        self._fault = None
        self._pattern = b""
        self._held = []
        self._pipes = []
        self.counted = b""
        self.n_matching = 0
        self.n_chunks = 0
        self.port = 0
        self.start()

    def arm(self, fault, pattern):
        self._fault, self._pattern = fault, pattern

    def release(self):
        """Let what was delayed arrive, and wait until the service has answered it."""
        while self._held:
            pipe, chunk = self._held.pop()
            pipe.server.sendall(chunk)
            assert pipe.is_over.wait(20)

    def start(self):
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def stop(self):
        """Break every connection, and take no new one."""
        _shut(self._listener)
        self.cut()

    def cut(self):
        """Break every connection."""
        while self._pipes:
            pipe = self._pipes.pop()
            _shut(pipe.client)
            _shut(pipe.server)
            assert pipe.is_over.wait(20)

    def _accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                pipe = _Pipe(client, socket.create_connection(("127.0.0.1", self._target)))
                self._pipes.append(pipe)
                threading.Thread(target=self._upstream, args=(pipe,), daemon=True).start()
                threading.Thread(target=pipe.downstream, daemon=True).start()

    def _upstream(self, pipe):
        with contextlib.suppress(OSError):
            while chunk := pipe.client.recv(65536):
                self.n_chunks += 1
                self.n_matching += bool(self.counted) and self.counted in chunk
                if self._fault is None or self._pattern not in chunk:
                    pipe.server.sendall(chunk)
                    continue
                fault, self._fault = self._fault, None
                pipe.is_silent = True
                if fault is Fault.MUTE:
                    return
                if fault is Fault.LOSE_REPLY:
                    pipe.server.sendall(chunk)
                    return
                if fault is Fault.DELAY:
                    self._held.append((pipe, chunk))
                    _shut(pipe.client)
                    return
                break
        _shut(pipe.client)
        _shut(pipe.server)


class _Pipe:
    def __init__(self, client, server):
        self.client, self.server = client, server
        self.is_silent = False
        self.is_over = threading.Event()

    def downstream(self):
        with contextlib.suppress(OSError):
            while (chunk := self.server.recv(65536)) and not self.is_silent:
                self.client.sendall(chunk)
        _shut(self.client)
        _shut(self.server)
        self.is_over.set()


def _shut(connection):
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()


class _Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128  # the usual five make the sixth that connects at once wait for a second


class HttpFront:
    """An S3 server before another one, which lies, refuses or loses as it is told to."""

    def __init__(self, port):
        self.target = port
        self.requests = []
        self.is_away = False
        self.liar = None
        self._next = None
        self._held = []
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                front._answer(self)

            do_PUT = do_HEAD = do_POST = do_GET  # noqa: N815 - as http.server spells them

            def log_message(self, *words):
                """Silent."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def arm(self, fault):
        """The next PUT meets a `Fault`, or an answer `(status, code)`."""
        self._next = fault

    def release(self):
        while self._held:
            self._forward(*self._held.pop())

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        request = (handler.command, handler.path, dict(handler.headers.items()), body)
        self.requests.append((handler.command, handler.path))
        if self.is_away:
            handler.close_connection = True
            _shut(handler.connection)
            return
        fault, self._next = (self._next, None) if handler.command == "PUT" else (None, self._next)
        if self.liar is not None and fault is None:
            request, fault = self.liar(request)
        if fault is Fault.STORE_THEN_REFUSE:
            self._forward(*request)
            fault = (412, "PreconditionFailed")
        elif fault is Fault.LOSE_REPLY:
            self._forward(*request)
        elif fault is Fault.DELAY:
            self._held.append(request)
        if isinstance(fault, Fault):
            handler.close_connection = True
            _shut(handler.connection)
            return
        status, headers, content = _xml(*fault) if fault else self._forward(*request)
        handler.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                handler.send_header(name, value)
        handler.send_header("content-length", _length(headers, content, handler.command))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)

    def _forward(self, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.target, timeout=20)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()


def _length(headers, content, method):
    if method == "HEAD":
        return {name.lower(): value for name, value in headers}.get("content-length", "0")
    return str(len(content))


def _xml(status, code):
    content = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'.encode()
    headers = [("content-type", "application/xml"), ("etag", '"made-up"')]
    return status, headers, content if status >= 400 else b""


def ignores_conditions(request):
    """Takes every PUT, as servers do that never heard of If-Match and If-None-Match."""
    method, path, headers, body = request
    kept = {name: value for name, value in headers.items() if name.lower() not in ("if-match", "if-none-match")}
    return (method, path, kept, body), None


def ignores_if_match(request):
    method, path, headers, body = request
    return (method, path, {name: v for name, v in headers.items() if name.lower() != "if-match"}, body), None


def ignores_if_none_match(request):
    method, path, headers, body = request
    return (method, path, {name: v for name, v in headers.items() if name.lower() != "if-none-match"}, body), None


def says_200_to_all(request):
    """Says that it stored, and did not."""
    return request, (200, "") if request[0] == "PUT" else None


def knows_no_conditions(request):
    is_conditional = any(name.lower() in ("if-match", "if-none-match") for name in request[2])
    return request, (501, "NotImplemented") if is_conditional else None


def may_not_read_packs(request):
    return request, (403, "AccessDenied") if request[0] == "GET" and "/packs/" in request[1] else None


def may_not_list_packs(request):
    return request, (403, "AccessDenied") if "list-type=2" in request[1] and "packs" in request[1] else None


def may_not_delete(request):
    return request, (403, "AccessDenied") if request[1].endswith("?delete") else None


def may_only_read(request):
    return request, (403, "AccessDenied") if request[0] == "PUT" else None
