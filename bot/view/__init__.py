"""How it looks: a scene in, messages out (`screens.py`); every word that the bot says is in `catalogue/`."""
