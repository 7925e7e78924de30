"""Delivers updates to the bot's own address: one after the other, until each was taken."""

import asyncio
from http import HTTPStatus
from typing import Any

import aiohttp

from bot.preview.cloud import Cloud
from bot.preview.updates import Update

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
ANSWER_S = 60.0
_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the name of a header


class WebhookDelivery:
    """Posts each update in order; the next one waits until this one was answered with 2xx."""

    def __init__(self, cloud: Cloud, *, first_wait_s: float = FIRST_WAIT_S) -> None:
        self._cloud = cloud
        self._first_wait_s = first_wait_s
        self._task: asyncio.Task[None] | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Begin, if an earlier run had a webhook."""
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S))
        self._cloud.webhook_changed = self.restart
        self.restart()

    async def stop(self) -> None:
        """End; what was not delivered stays."""
        await self._cancel()
        if self._session is not None:
            await self._session.close()

    def restart(self) -> None:
        """Follow the webhook that is set now."""
        webhook = self._cloud.settings.get("webhook")
        self._cloud.updates.webhook_is_set = bool(webhook)
        self._cloud.webhook_trouble = {}
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._cloud.updates.seen(False)
        if webhook and self._session is not None:
            self._task = asyncio.create_task(self._deliver(self._session, webhook), name="webhook")

    async def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _deliver(self, session: aiohttp.ClientSession, webhook: dict[str, Any]) -> None:
        updates, wait_s = self._cloud.updates, self._first_wait_s
        while True:
            await updates.arrived.wait()
            for update in updates.oldest(1):
                trouble = await _post(session, webhook, update)
                updates.seen(trouble is None)
                if trouble is None:
                    updates.confirm(update.id + 1)
                    wait_s = self._first_wait_s
                else:
                    self._note(trouble)
                    await asyncio.sleep(wait_s)
                    wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def _note(self, trouble: str) -> None:
        seconds = int(self._cloud.now().timestamp())
        self._cloud.webhook_trouble = {"last_error_date": seconds, "last_error_message": trouble}


async def _post(session: aiohttp.ClientSession, webhook: dict[str, Any], update: Update) -> str | None:
    """Deliver one update; give what went wrong, None if it was taken."""
    headers = {_SECRET_HEADER: webhook["secret"]} if webhook["secret"] else {}
    try:
        async with session.post(
            webhook["url"], json=update.as_object(), headers=headers, allow_redirects=False
        ) as answer:
            await answer.read()
    except TimeoutError:
        return "Read timeout expired"
    except aiohttp.ClientConnectorError:
        return "Connection refused"
    except aiohttp.ClientError as error:
        return f"Connection lost: {type(error).__name__}"
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    return f"Wrong response from the webhook: {answer.status} {answer.reason}"
