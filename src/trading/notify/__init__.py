"""Telling people: the `Notifier` port, a mailbox folder and SMTP behind it."""
