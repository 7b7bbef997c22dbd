"""What can go wrong around batches, as a client is told; part of `errors`.

ServiceError
 +-- UnknownBatch                                                           404
 +-- LengthRequired                                                         411
 +-- TooManyRows                                                            413
 +-- RangeNotThere                                                          416
 +-- TooManyOpenBatches                                                     429
 +-- Unavailable
      +-- NoBatches, BatchFilesAway                                         503
"""

from api.errors import QuotaExceeded, ServiceError, Unavailable


class UnknownBatch(ServiceError):
    """No batch of yours has this id, or the time for which it was kept is over."""

    status = 404
    slug = "unknown-batch"
    title = "No such batch"


class LengthRequired(ServiceError):
    """Send Content-Length: without it nobody can tell whether the body was cut."""

    status = 411
    slug = "length-required"
    title = "Length required"


class TooManyRows(ServiceError):
    """The batch has more rows than this service takes: send it in parts."""

    status = 413
    slug = "too-many-rows"
    title = "Too many rows"


class RangeNotThere(ServiceError):
    """There is nothing at these bytes, or not yet: `Content-Range` says how many."""

    status = 416
    slug = "range-not-there"
    title = "No such range"


class TooManyOpenBatches(QuotaExceeded):
    """Your batches that have not ended hold as much as they may; nothing was queued."""

    slug = "open-batches-quota"
    title = "Too much in unfinished batches"


class NoBatches(Unavailable):
    """This service takes no batches; its operator sets `KERBSIDE_BATCHES_URL`."""

    slug = "no-batches"
    title = "No batches"


class BatchFilesAway(Unavailable):
    """The files of batches cannot be read or written; repeat the request later."""

    slug = "batch-files-unavailable"
    title = "Files of batches not available"
