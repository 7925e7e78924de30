"""What is remembered: the port that every backend fills (`base.py`), and behind it SQLite (`sqlite.py`) or Postgres (`postgres/`)."""
