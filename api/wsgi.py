"""What the HTTP server loads, once in each of its processes: `api.wsgi:application`."""

from pydantic import ValidationError

from api import connections, services, shutdown
from api.app import create_app
from api.settings import ApiSettings
from model_store import logs
from model_store.errors import ArchiveError
from model_store.settings import told

connections.make_room()
try:
    settings = ApiSettings.from_env()
    logs.set_up(settings.log_format, settings.log_level)
    application = create_app(settings)
# Whoever started it is told in a sentence what to mend.
except ValidationError as error:
    raise SystemExit(told(error)) from None
except ArchiveError as error:
    raise SystemExit(str(error)) from None
services.of(application).uploads.start()
# Before the first request, so that no waiter races with the subscription.
services.of(application).waiting.start()
shutdown.at_stop_signal(services.of(application).stop)
