"""How the tests run: no clock decides whether a property holds, and logs are quiet below warnings."""

import logging

import structlog
from hypothesis import settings

settings.register_profile("changeover", deadline=None)
settings.load_profile("changeover")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
