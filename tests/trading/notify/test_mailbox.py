"""Messages lie in a Maildir folder, where any mail program finds them."""

import mailbox
from pathlib import Path

import pytest

from trading.notify.notifiers import MailboxNotifier
from trading.notify.port import Notification, NotificationFailed

NOTE = Notification("trading", "2016-01-04: trading run done", "Orders\n  BUY Ärger · 1\n")


def test_messages_are_read_back_by_the_standard_library(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "mail"
    MailboxNotifier(folder).send(NOTE)
    [message] = mailbox.Maildir(folder, create=False)
    assert (message["Subject"], message["X-Trading-Kind"]) == (NOTE.subject, NOTE.kind)
    assert bytes(message.get_payload(decode=True)).decode() == NOTE.body


def test_every_message_is_kept(tmp_path: Path) -> None:
    for _ in range(3):
        MailboxNotifier(tmp_path / "mail").send(NOTE)
    assert len(mailbox.Maildir(tmp_path / "mail", create=False)) == 3


def test_nothing_unfinished_is_left_behind(tmp_path: Path) -> None:
    MailboxNotifier(tmp_path / "mail").send(NOTE)
    assert list((tmp_path / "mail" / "tmp").iterdir()) == []


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_a_failed_notification(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(NotificationFailed, match=f"mailbox {tmp_path / place}: "):
        MailboxNotifier(tmp_path / place).send(NOTE)


def test_a_folder_that_holds_something_else_is_a_failed_notification(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a mail")
    with pytest.raises(NotificationFailed, match="holds something else"):
        MailboxNotifier(tmp_path).send(NOTE)
    assert [entry.name for entry in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("made", [(), ("tmp",), ("new",), ("tmp", "new"), ("cur", "new")])
def test_a_mailbox_whose_maker_died_in_between_is_completed(tmp_path: Path, made: tuple[str, ...]) -> None:
    for part in made:
        (tmp_path / "mail" / part).mkdir(parents=True)
    (tmp_path / "mail").mkdir(exist_ok=True)
    MailboxNotifier(tmp_path / "mail").send(NOTE)
    assert len(mailbox.Maildir(tmp_path / "mail", create=False)) == 1
