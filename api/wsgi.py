"""What the HTTP server loads, once in each of its processes: `api.wsgi:application`."""

from api import connections, services, shutdown
from api.app import create_app
from api.settings import ApiSettings

connections.make_room()
application = create_app(ApiSettings.from_env())
services.of(application).uploads.start()
# Before the first request, so that no waiter races with the subscription.
services.of(application).waiting.start()
shutdown.at_stop_signal(services.of(application).waiting.stop)
