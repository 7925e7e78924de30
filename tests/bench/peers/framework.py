"""A bare bot on python-telegram-bot: with its defaults, or with our request class and update processor."""

import sys

from telegram import CallbackQuery, InlineKeyboardMarkup, MessageEntity, Update
from telegram.ext import Application, ApplicationBuilder, CallbackContext, CallbackQueryHandler

from bot.chat.lines import Lines
from bot.chat.request import AiohttpRequest
from tests.bench.peers import OURS, POLL_S, READY, TOKEN, verdict


async def _announce(application: Application) -> None:  # type: ignore[type-arg]
    print(READY, flush=True)


async def _too_many(update: object, first: bool) -> None:
    raise RuntimeError("nobody taps so often here")


def build(url: str, way: str) -> ApplicationBuilder:  # type: ignore[type-arg]
    """The application's builder, as the way wants it."""
    builder = Application.builder().token(TOKEN).base_url(f"{url}/bot").post_init(_announce)
    if way == OURS:
        lines = Lines(key_of=lambda u: u.effective_user.id if isinstance(u, Update) and u.effective_user else None,
                      too_many=_too_many)  # fmt: skip
        builder = builder.concurrent_updates(lines).request(AiohttpRequest())
        builder = builder.get_updates_request(AiohttpRequest(connections=4))
    return builder


def main(url: str, file: str, way: str) -> None:
    """Poll until SIGTERM."""
    shown = verdict(file)
    entities = [MessageEntity(**each) for each in shown["entities"]]
    markup = InlineKeyboardMarkup.de_json(shown["reply_markup"], None)

    async def on_tap(update: Update, _: CallbackContext) -> None:  # type: ignore[type-arg]
        query = update.callback_query
        assert isinstance(query, CallbackQuery)
        await query.answer()
        await query.edit_message_text(shown["text"], entities=entities, reply_markup=markup)

    application = build(url, way).build()
    application.add_handler(CallbackQueryHandler(on_tap))
    application.run_polling(timeout=POLL_S, allowed_updates=["callback_query"])


if __name__ == "__main__":
    main(*sys.argv[1:4])
