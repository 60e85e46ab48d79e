"""Mail and caches of Django: one effect for each mail, and what is kept in a cache is compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.cache import cache, caches
from django.core.mail import EmailMessage, send_mail, send_mass_mail
from django.core.mail.backends.locmem import EmailBackend

from changeover import Migration, Run
from changeover.errors import DeclarationError
from tests.changeover.packs.pack_contract import PackContract
from tests.changeover.support import django_shop
from tests.changeover.support.alchemy_shop import as_under_a_test

HAS_MAILERS = hasattr(mail, "mailers")  # since Django 6.1
SETTINGS = django_shop.__name__  # its import gives Django its settings


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    mail.outbox = []
    cache.clear()
    yield
    cache.clear()


class DjangoContract(PackContract):
    def use(self, migration: Migration) -> None:
        migration.use("django")

    def read(self) -> Any:
        return cache.get("price", 7)


class TestCache(DjangoContract):
    failure = ValueError

    def act(self, number: int) -> Any:
        return caches["default"].set(f"n{number}", number)

    def fail(self) -> Any:
        return cache.incr("missing")

    def acts(self) -> int:
        return sum(cache.get(f"n{number}") is not None for number in range(10))


class TestMail(DjangoContract):
    failure = ValueError  # what a header of two lines raises

    def act(self, number: int) -> Any:
        return send_mail(f"Order {number}", "thank you", "shop@x.org", [f"c{number}@x.org"])

    def fail(self) -> Any:
        return send_mail("two\nlines", "thank you", "shop@x.org", ["c@x.org"])

    def acts(self) -> int:
        return len(mail.outbox)


def judged(legacy: Any, candidate: Any, **options: Any) -> Run:
    runs: list[Run] = []
    migration = Migration(sink=runs.append)
    migration.use("django", **options)
    with as_under_a_test():
        migration.seam("s", legacy=lambda _: legacy(), candidate=lambda _: candidate())(1)
    return runs[-1]


def backend() -> Any:
    """What sends mail by the settings."""
    return mail.mailers.default if HAS_MAILERS else mail.get_connection()


def written(text: str = "thank you", to: str = "a@x.org") -> EmailMessage:
    return EmailMessage("Order", text, "shop@x.org", [to])


def test_mails_sent_at_once_are_the_same_as_mails_sent_one_by_one() -> None:
    def at_once() -> Any:
        rows = [("Order", "thank you", "shop@x.org", [to]) for to in ("a@x.org", "b@x.org")]
        return send_mass_mail(rows)

    def one_by_one() -> int:
        with backend() as opened:
            return sum(opened.send_messages([written(to=to)]) for to in ("a@x.org", "b@x.org"))

    run = judged(at_once, one_by_one)
    assert run.verdict == "match", run.reason or run.divergences
    assert [message.to for message in mail.outbox] == [["a@x.org"], ["b@x.org"]]


def test_another_text_in_a_mail_is_a_difference() -> None:
    run = judged(lambda: written().send(), lambda: written("sorry").send())
    assert run.verdict == "unsafe"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize("text", ["thank you", "sorry"])
def test_a_backend_that_the_program_makes_itself_is_followed_as_that_of_the_settings(text: str) -> None:
    run = judged(lambda: written().send(), lambda: EmailBackend().send_messages([written(text)]))
    assert run.verdict == ("match" if text == "thank you" else "unsafe"), run.reason or run.divergences
    assert len(mail.outbox) == 1


@pytest.mark.skipif(not HAS_MAILERS, reason="a table of mailers: since Django 6.1")
def test_a_mailer_by_its_name_is_followed_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    table = dict.fromkeys(("default", "bulk"), settings.MAILERS["default"])
    monkeypatch.setattr(settings, "MAILERS", table)
    run = judged(lambda: written().send(), lambda: written().send(using="bulk"))
    assert run.verdict == "match", run.reason or run.divergences
    assert len(mail.outbox) == 1


def test_a_replayed_mail_reaches_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.changeover.packs.mail_server import MailServer

    server = MailServer()
    over_smtp = "django.core.mail.backends.smtp.EmailBackend"
    if HAS_MAILERS:
        options = {"host": "127.0.0.1", "port": server.port}
        mailer = {"BACKEND": over_smtp, "OPTIONS": options}
        monkeypatch.setattr(settings, "MAILERS", {"default": mailer})
    else:
        monkeypatch.setattr(settings, "EMAIL_BACKEND", over_smtp)
        monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
        monkeypatch.setattr(settings, "EMAIL_PORT", server.port)
    try:
        run = judged(lambda: written().send(), lambda: written().send())
        assert run.verdict == "match", run.reason or run.divergences
        assert len(server.came) == 1
    finally:
        server.close()


def test_a_cache_that_is_filled_by_get_or_set_is_the_same_as_one_that_is_asked_and_set() -> None:
    def by_hand() -> Any:
        found = cache.get("price")
        if found is None:
            cache.add("price", 7)
            found = cache.get("price", 7)
        return found

    run = judged(lambda: cache.get_or_set("price", lambda: 7), by_hand)
    assert run.verdict == "match", run.reason or run.divergences
    assert cache.get("price") == 7


def test_another_value_in_a_cache_is_a_difference_and_is_not_kept() -> None:
    run = judged(lambda: cache.set("price", 7), lambda: cache.set("price", 8))
    assert run.verdict == "unsafe"
    assert cache.get("price") == 7


def test_another_lifetime_in_a_cache_is_a_difference() -> None:
    assert judged(lambda: cache.set("price", 7), lambda: cache.set("price", 7, 60)).verdict == "unsafe"


def test_reading_other_keys_meanwhile_changes_nothing() -> None:
    def writes_first() -> Any:
        cache.set("b", 1)
        return cache.get("a", "none")

    def reads_first() -> Any:
        found = cache.get("a", "none")
        cache.set("b", 1)
        return found

    assert judged(writes_first, reads_first).verdict == "match"


def test_mail_and_cache_may_be_left_to_other_ports() -> None:
    run = judged(lambda: written().send(), lambda: 1, mail=False, cache=False)
    assert run.verdict == "match"


@pytest.mark.parametrize("option", ["mail", "cache"])
def test_whether_they_are_covered_is_true_or_false(option: str) -> None:
    with pytest.raises(DeclarationError, match=option):
        Migration().use("django", **{option: "no"})
