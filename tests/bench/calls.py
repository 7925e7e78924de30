"""What a call to the Bot API costs: the framework's own request class, ours, and ours without message objects.

Law: the same calls to the same stub from this process, the ways in turn. Counted in processor time of this process,
which is what a bot has least of, and which others on the machine disturb least; the ratio tells, not the rate.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.request import BaseRequest, HTTPXRequest

from bot.chat.request import AiohttpRequest, call
from tests.bench.crowd import FIRST_LEARNER
from tests.bench.figures import Figure, median, spread
from tests.bench.peers import TOKEN
from tests.bench.processes import stub

GROUP = "Bot API calls"
AT_ONCE = 64
TEXT = "Loss before: 1.0\nLoss after: 0.25\n" * 8
ROWS = [[("Back", "AAAAAAAA:b"), ("Next", "AAAAAAAA:n")]]
READY_MADE = json.dumps(
    {"inline_keyboard": [[{"text": t, "callback_data": d} for t, d in row] for row in ROWS]}
)
Send = Callable[[], Awaitable[object]]


async def rate(send: Send, total: int) -> float:
    """Calls a core second, so many under way at any time."""
    left = iter(range(total))

    async def line() -> None:
        for _ in left:
            await send()

    begun = time.process_time()
    await asyncio.gather(*(line() for _ in range(AT_ONCE)))
    return total / (time.process_time() - begun)


def with_objects(bot: Bot) -> Send:
    """As the framework's documentation does it."""

    async def send() -> None:
        rows = [[InlineKeyboardButton(t, callback_data=d) for t, d in row] for row in ROWS]
        await bot.send_message(FIRST_LEARNER, TEXT, reply_markup=InlineKeyboardMarkup(rows))

    return send


def lean(bot: Bot) -> Send:
    """As the bot does it."""

    async def send() -> None:
        await call(bot, "sendMessage", {"chat_id": FIRST_LEARNER, "text": TEXT, "reply_markup": READY_MADE})

    return send


async def measure(*, calls: int = 1500, rounds: int = 5) -> list[Figure]:
    """The figures, as calls a core second."""
    async with stub() as wire:

        def make(request: BaseRequest) -> Bot:
            return Bot(TOKEN, base_url=f"{wire.url}/bot", request=request)

        httpx = make(HTTPXRequest(connection_pool_size=256, pool_timeout=60.0))
        ours = make(AiohttpRequest())
        ways = {
            "python-telegram-bot's own request": with_objects(httpx),
            "our request": with_objects(ours),
            "our request, no message objects": lean(ours),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        async with httpx, ours:
            for number in range(rounds + 1):  # the first opens connections
                for name, send in ways.items():
                    found = await rate(send, calls)
                    rates[name] += [found] if number else []
    base = median(rates["python-telegram-bot's own request"])
    return [
        Figure(
            group=GROUP,
            name=f"sendMessage, {name}",
            value=median(each),
            unit="/core s",
            note=f"{median(each) / base:.1f} times; {spread(each)}",
        )
        for name, each in rates.items()
    ]
