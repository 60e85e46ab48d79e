"""The pack `wsgi`: what a server gives to a view or to an app, and what those leave behind."""
