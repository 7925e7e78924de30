"""What is remembered: the port that every backend fills (`base.py`), and SQLite behind it (`sqlite.py`)."""
