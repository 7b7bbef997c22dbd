"""What can go wrong around properties, as a client is told; part of `errors`.

ServiceError
 +-- UnknownProperty                                                        404
"""

from api.errors import ServiceError


class UnknownProperty(ServiceError):
    """No property of yours has this id."""

    status = 404
    slug = "unknown-property"
    title = "No such property"
