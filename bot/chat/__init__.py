"""Telegram's side: updates come in, words go out; the only room that knows the framework. Begin at `app.py`."""
