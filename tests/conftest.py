"""What every test shares."""

import os

from hypothesis import settings

# Timing is no test's business: the machine may be busy. The examples are the same each time, so
# that a change that passes here passes everywhere; `explore` looks for new ones.
settings.register_profile("default", deadline=None, max_examples=60, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=60)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
