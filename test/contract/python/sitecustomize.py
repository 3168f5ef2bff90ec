"""Puts Python's clock in step with the emulator's (LOCAL_CLOCK), before the client under test is imported."""
import os
import time

if "LOCAL_CLOCK" in os.environ:
    _real_origin, _virtual_origin, _speed = map(float, os.environ["LOCAL_CLOCK"].split(","))
    _real_time, _real_sleep = time.time, time.sleep
    time.time = lambda: (_virtual_origin + (_real_time() * 1000 - _real_origin) * _speed) / 1000
    time.sleep = lambda seconds: _real_sleep(seconds / _speed)
