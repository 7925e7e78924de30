"""The use cases: what the bot does for a learner, free of Telegram."""
