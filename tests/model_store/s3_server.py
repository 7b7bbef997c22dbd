"""A server that speaks S3 over HTTP, for the real client."""

import contextlib
import threading
from collections.abc import Iterator

import pytest
import s3fs
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    create_backend_app,
)
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "kerbside"


class _Quiet(WSGIRequestHandler):
    """Tells nobody about each request."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Run a server with one empty bucket, and let clients find it; yield the URL."""
    application = DomainDispatcherApplication(create_backend_app)
    # One request at a time: between a condition and its write nothing happens, as S3
    # promises.
    server = make_server("127.0.0.1", 0, application, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="s3")
    thread.start()
    try:
        with _found(f"http://127.0.0.1:{server.port}"):
            s3fs.S3FileSystem().mkdir(BUCKET)
            yield f"s3://{BUCKET}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _found(endpoint: str) -> Iterator[None]:
    """Let clients find a server; none of another place is used again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", endpoint)
        patch.setenv("AWS_ACCESS_KEY_ID", "kerbside")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        s3fs.S3FileSystem.clear_instance_cache()
        try:
            yield
        finally:
            s3fs.S3FileSystem.clear_instance_cache()
