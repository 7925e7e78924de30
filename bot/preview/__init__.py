"""A small strict Telegram of one's own: the Bot API over HTTP, and a chat page to talk to the bot.

The bot cannot tell it from the real one: it refuses what Telegram refuses, in Telegram's words. Nothing
here knows the bot, its framework or its lessons; only `server.LocalTelegram` and `faults` are for others.
"""
