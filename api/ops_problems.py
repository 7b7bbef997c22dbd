"""What can go wrong around lanes, as a client is told; part of the tree of `errors`.

ServiceError
 +-- UnknownLane                                                            404
"""

from api.errors import ServiceError


class UnknownLane(ServiceError):
    """There is no lane of this name; `GET /v1/ops/queues` has all."""

    status = 404
    slug = "unknown-lane"
    title = "No such lane"
