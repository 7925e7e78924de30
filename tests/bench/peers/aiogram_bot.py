"""A bare bot on aiogram 3, tuned as its documentation says: uvloop, tasks with a limit, enough connections."""

import asyncio
import sys
from typing import Any

import uvloop
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, MessageEntity

from tests.bench.peers import AT_ONCE, POLL_S, READY, TOKEN, verdict


async def main(url: str, file: str) -> None:
    """Poll until SIGTERM."""
    shown = verdict(file)
    entities = [MessageEntity(**each) for each in shown["entities"]]
    markup = InlineKeyboardMarkup(**shown["reply_markup"])

    async def on_tap(query: CallbackQuery) -> None:
        await query.answer()
        message: Any = query.message
        await message.edit_text(shown["text"], entities=entities, reply_markup=markup)

    session = AiohttpSession(limit=AT_ONCE, api=TelegramAPIServer.from_base(url))
    dispatcher = Dispatcher()
    dispatcher.callback_query.register(on_tap)
    dispatcher.startup.register(_announce)
    await dispatcher.start_polling(
        Bot(TOKEN, session=session),
        polling_timeout=POLL_S,
        tasks_concurrency_limit=AT_ONCE,
        allowed_updates=["callback_query"],
    )


async def _announce() -> None:
    print(READY, flush=True)


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(main(*sys.argv[1:3]))
