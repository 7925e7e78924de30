"""A TensorFlow that is never done loading: the bot has to serve everybody meanwhile, and costs a test little.

A real one is done some time, and then sees that its bot is gone.
"""

import os
import time

while os.getppid() == int(os.environ["TEST_BOT_PID"]):
    time.sleep(0.05)
raise SystemExit
