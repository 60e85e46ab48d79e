"""The receivers that settings and environment name; the log is always one of them."""

from collections.abc import Mapping
from dataclasses import replace

from trading.alerts.receiver import LogReceiver, MailReceiver, Receiver, WebhookReceiver
from trading.notify.smtp import SmtpNotifier
from trading.settings import Settings, SettingsError, check_web_address

WEBHOOK_VARIABLE = "TRADING_ALERT_WEBHOOK"
SECRET_VARIABLE = "TRADING_ALERT_SECRET"  # noqa: S105  (the name of a variable)
PASSWORD_VARIABLE = "TRADING_SMTP_PASSWORD"  # noqa: S105  (the name of a variable)


def configured_receivers(settings: Settings, environment: Mapping[str, str]) -> tuple[Receiver, ...]:
    """Log, webhook, mail; raises SettingsError for an address in the environment that is none."""
    receivers: list[Receiver] = [LogReceiver()]
    url = environment.get(WEBHOOK_VARIABLE) or settings.alerts.webhook
    if url:
        try:
            check_web_address(url)
        except ValueError as error:
            raise SettingsError(f"{WEBHOOK_VARIABLE}: {error}") from None
        receivers.append(WebhookReceiver(url, environment.get(SECRET_VARIABLE) or None))
    smtp = settings.smtp
    if settings.alerts.email is not None and smtp is not None:
        password = smtp.password.get_secret_value() if smtp.password else environment.get(PASSWORD_VARIABLE)
        server = SmtpNotifier(
            smtp.host, smtp.port, smtp.sender, smtp.recipient, smtp.user, password, starttls=smtp.starttls
        )
        receivers.append(MailReceiver(replace(server, recipient=settings.alerts.email)))
    return tuple(receivers)
