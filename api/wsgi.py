"""What the HTTP server loads, once in each of its processes: `api.wsgi:application`."""

from api import connections, services, shutdown
from api.app import create_app
from api.settings import ApiSettings
from model_store import logs

connections.make_room()
settings = ApiSettings.from_env()
logs.set_up(settings.log_format, settings.log_level)
application = create_app(settings)
services.of(application).uploads.start()
# Before the first request, so that no waiter races with the subscription.
services.of(application).waiting.start()
shutdown.at_stop_signal(services.of(application).waiting.stop)
