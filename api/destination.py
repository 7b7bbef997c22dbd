"""Where webhooks may go, asked for a request's field: refusals as its errors."""

from typing import Any

from worker.webhook_settings import WebhookSettings
from worker.webhooks.addresses import RefusedAddress, check_host, check_url
from worker.webhooks.lookup import LOOKUPS


def url_errors(
    document: Any, name: str, settings: WebhookSettings
) -> list[dict[str, Any]]:
    """Return what is wrong with the URL in a field, without asking a name server.

    Args:
        document: What was read from the body.
        name: The field; no text there is for others to refuse.
        settings: Where webhooks may go.
    """
    url = document.get(name) if isinstance(document, dict) else None
    if not isinstance(url, str):
        return []
    try:
        check_url(url, settings)
    except RefusedAddress as error:
        return [_refused(name, error)]
    return []


def host_errors(url: str, name: str, settings: WebhookSettings) -> list[dict[str, Any]]:
    """Return what is wrong with a URL and with every address of its host.

    Args:
        url: Where webhooks are to go.
        name: The field that says so.
        settings: Where they may go.
    """
    try:
        check_host(url, settings, resolve=LOOKUPS.resolve)
    except RefusedAddress as error:
        return [_refused(name, error)]
    return []


def _refused(name: str, error: RefusedAddress) -> dict[str, Any]:
    words = str(error)
    detail = f"{words[:1].upper()}{words[1:]}."
    return {"pointer": f"/{name}", "detail": detail, "code": "refused_address"}
