"""Mail: what smtplib and aiosmtplib send is one port."""
