"""Calls with two paths: who answers, what is replayed after it, and what is made of both."""
