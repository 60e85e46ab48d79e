"""Alerts: who is told that something needs a person, once per subject, and that it arrived."""
