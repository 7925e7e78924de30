"""What is computed: specs take their turn (`engine.py`), worker processes run them in TensorFlow (`worker.py`)."""
