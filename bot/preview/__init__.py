"""A small strict Telegram of one's own: the Bot API over HTTP, and a chat page to talk to the bot.

The bot cannot tell it from the real one: it refuses what Telegram refuses, in Telegram's words. Nothing
here knows the bot, its framework or its lessons; for others are only `server.LocalTelegram`, `faults`, the ids of
the first places in `directory`, and `Standing` and `ChatKind` in `chats`.
"""
