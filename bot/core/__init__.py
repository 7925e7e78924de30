"""What happens, as pure rules: an event and a session in, the next session and effects out. Begin at `session.py`."""
