"""Methods about updates, webhooks, files, and the bot's own name and descriptions."""

import re
from typing import Any

from bot.preview.chats import Object
from bot.preview.cloud import Cloud
from bot.preview.methods import list_of, method
from bot.preview.params import Params
from bot.preview.refusals import bad_request, conflict

LONGEST_POLL_S = 50
LARGEST_DOWNLOAD_BYTES = 20 * 1024 * 1024
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


@method("getUpdates", "offset limit timeout allowed_updates")
async def get_updates(cloud: Cloud, params: Params) -> list[Object]:
    """Confirm and fetch updates by long polling."""
    if params.text("allowed_updates") and not cloud.updates.webhook_is_set:
        cloud.updates.allow(list_of(params, "allowed_updates", what="update types"))
    return await cloud.updates.poll(
        offset=params.integer("offset"),
        limit=params.integer("limit", 100, least=1, most=100),
        timeout_s=params.integer("timeout", least=0, most=LONGEST_POLL_S),
    )


@method("setWebhook", "url secret_token max_connections allowed_updates drop_pending_updates ip_address")
def set_webhook(cloud: Cloud, params: Params) -> bool:
    """Have updates delivered to an address; an empty one goes back to polling."""
    url, secret = params.text("url"), params.text("secret_token")
    if not url:
        return _end_webhook(cloud, params)
    if not re.match(r"https://|http://(127\.0\.0\.1|localhost|\[::1\])[:/]", url):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if secret and not _SECRET.fullmatch(secret):
        raise bad_request("secret token contains unallowed characters")
    if params.text("allowed_updates"):
        cloud.updates.allow(list_of(params, "allowed_updates", what="update types"))
    if params.flag("drop_pending_updates"):
        cloud.updates.drop_all()
    connections = params.integer("max_connections", 40, least=1, most=100)
    cloud.updates.end_poll(
        conflict("terminated by setWebhook request; make sure that only one bot instance is running")
    )
    cloud.set("webhook", {"url": url, "secret": secret, "max_connections": connections})
    cloud.webhook_changed()
    return True


@method("deleteWebhook", "drop_pending_updates")
def delete_webhook(cloud: Cloud, params: Params) -> bool:
    """Go back to polling."""
    return _end_webhook(cloud, params)


def _end_webhook(cloud: Cloud, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        cloud.updates.drop_all()
    if cloud.settings.get("webhook"):
        cloud.set("webhook", None)
        cloud.webhook_changed()
    return True


@method("getWebhookInfo")
def get_webhook_info(cloud: Cloud, params: Params) -> Object:
    """Describe the webhook and its last trouble."""
    webhook: dict[str, Any] = cloud.settings.get("webhook") or {}
    info: Object = {
        "url": webhook.get("url", ""),
        "has_custom_certificate": False,
        "pending_update_count": cloud.updates.pending,
    }
    if webhook:
        info |= {"max_connections": webhook["max_connections"], **cloud.webhook_trouble}
    if cloud.updates.allowed:
        info["allowed_updates"] = cloud.updates.allowed
    return info


@method("getFile", "file_id")
def get_file(cloud: Cloud, params: Params) -> Object:
    """Tell where a file can be downloaded."""
    if not params.text("file_id"):
        raise bad_request("file_id not specified")
    file = cloud.files.get(params.text("file_id"))
    if file is None:
        raise bad_request("wrong file_id or the file is temporarily unavailable")
    if file.size > LARGEST_DOWNLOAD_BYTES:
        raise bad_request("file is too big")
    return file.as_file()


def _register_about(title: str, field: str, longest: int) -> None:
    """Register the pair of methods that set and get one of the bot's own texts."""

    @method(f"setMy{title}", f"{field} language_code")
    def set_about(cloud: Cloud, params: Params) -> bool:
        if len(params.text(field)) > longest:
            raise bad_request(f"bot {field.replace('_', ' ')} is too long")
        cloud.set(f"{field}:{params.text('language_code')}", params.text(field))
        return True

    @method(f"getMy{title}", "language_code")
    def get_about(cloud: Cloud, params: Params) -> Object:
        default = cloud.settings.get(f"{field}:", cloud.bot.first_name if field == "name" else "")
        return {field: cloud.settings.get(f"{field}:{params.text('language_code')}") or default}


_register_about("Name", "name", 64)
_register_about("Description", "description", 512)
_register_about("ShortDescription", "short_description", 120)
