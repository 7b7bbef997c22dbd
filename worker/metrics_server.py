"""Serves the figures of one worker process to Prometheus."""

import socket
import socketserver
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from celery import bootsteps
from prometheus_client import ProcessCollector
from prometheus_client.exposition import ThreadingWSGIServer, make_wsgi_app

from model_store import logs
from worker import celery as wire

#: Seconds for which a connection may say nothing.
_SILENT_S = 10.0

_log = logs.logger(__name__)


class MetricsServer(bootsteps.StartStopStep):
    """Answers `/metrics` where KERBSIDE_METRICS_PORT is set, whatever the lane.

    A worker whose port is taken says so and works on: who is not seen prices as well.
    """

    # The clock is a fork of this process: it must be made before there is a thread.
    requires = ("celery.worker.components:Pool", "celery.worker.components:Beat")

    def __init__(self, parent: Any, **kwargs: Any) -> None:
        super().__init__(parent, **kwargs)
        app: wire.KerbsideCelery = parent.app
        self._address = app.settings.metrics_address
        self._port = app.settings.metrics_port
        self._registry = app.metrics.registry
        self._server: WSGIServer | None = None
        self.enabled = bool(self._port)

    def start(self, *_: Any) -> None:
        """Begin to answer."""
        try:
            server = _Server((self._address, self._port), _Handler)
        except OSError as error:
            _log.error(
                "metrics_not_served",
                address=self._address,
                port=self._port,
                error=error.strerror or str(error),
                meaning="this worker goes on unseen: give it a KERBSIDE_METRICS_PORT "
                "of its own",
            )
            return
        ProcessCollector(registry=self._registry)
        server.set_app(make_wsgi_app(self._registry))
        self._server = server
        threading.Thread(
            target=server.serve_forever, name="metrics", daemon=True
        ).start()

    def stop(self, *_: Any) -> None:
        """Answer nothing more."""
        if self._server:
            self._server.shutdown()
            self._server.server_close()


class _Server(ThreadingWSGIServer):
    def __init__(self, place: tuple[str, int], handler: Any) -> None:
        if ":" in place[0]:
            self.address_family = socket.AF_INET6
        super().__init__(place, handler)

    def server_bind(self) -> None:
        # The library's would ask name servers for this machine's name, and wait.
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)
        self.setup_environ()


class _Handler(WSGIRequestHandler):
    timeout = _SILENT_S

    def log_message(self, *_: Any) -> None:
        """Log nothing: a scrape is no event."""
