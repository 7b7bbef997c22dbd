"""POST /v1/properties: many properties at once, each stored with its price."""

from flask import request

from api import batch_intake, batch_options, properties, queries
from api.answers import Answer
from api.auth import requires
from api.batch_intake import Wanted
from api.call import current_call
from api.catalog import CHAMPION

#: The document knows one set of routes for an address.
api = properties.api


@api.post("", operation_id="import_properties")
@requires("predict")
def create() -> Answer:
    """Import many properties: a CSV table, JSON lines or a JSON list."""
    call = current_call()
    # Nobody prices what could not be stored.
    call.archive()
    asked = queries.known(request.args, batch_options.OF_PROPERTIES)
    options = batch_options.read(asked, call.shared.settings)
    # Another version's price would be out of date as soon as it is stored.
    served = call.shared.catalog.served(CHAMPION)
    return batch_intake.take(call, Wanted("properties", CHAMPION, served, options))
