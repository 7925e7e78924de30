"""What a lesson is: its model (`model.py`), and the loader that tells an author what is wrong (`load.py`)."""
