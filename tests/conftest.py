"""How the tests run: no clock decides whether a property holds."""

from hypothesis import settings

settings.register_profile("changeover", deadline=None)
settings.load_profile("changeover")
