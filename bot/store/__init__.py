"""What is remembered: the port (`base.py`), behind it SQLite (`sqlite.py`) or Postgres (`postgres/`)."""
