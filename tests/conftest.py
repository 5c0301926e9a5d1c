"""What every test shares."""

from hypothesis import settings

# Timing is no test's business: the machine may be busy.
settings.register_profile("default", deadline=None, max_examples=60)
settings.load_profile("default")
