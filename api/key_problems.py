"""What can go wrong around API keys, as a client is told; part of the tree of `errors`.

ServiceError
 +-- UnknownKey                                                             404
 +-- LastOperateKey                                                         409
"""

from api.errors import ServiceError


class UnknownKey(ServiceError):
    """There is no API key with this id."""

    status = 404
    slug = "unknown-key"
    title = "No such API key"


class LastOperateKey(ServiceError):
    """No other usable key carries the scope `operate`: nobody could make one here."""

    status = 409
    slug = "last-operate-key"
    title = "Last key of the operator"
