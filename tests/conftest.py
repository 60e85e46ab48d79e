"""How the tests run: no clock decides whether a property holds, and logs are quiet below warnings.

Laws are tried on 60 examples here; the sweeps beside the tests try them on tens of thousands.
"""

import logging
import os
import signal
import sys

import pytest
import structlog
from hypothesis import settings

settings.register_profile("changeover", deadline=None, max_examples=60)
settings.load_profile("changeover")
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """The toolkit's own tests are about programs in production, which the plugin keeps tests from being."""
    os.environ.pop("CHANGEOVER_POPULATION", None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # started in the background of a shell
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers the secrets that it has met in runs; here each test is a program of its own."""
    secrets = sys.modules.get("changeover.redaction.secrets")
    if secrets is not None:
        monkeypatch.setattr(secrets, "_lately", {})
