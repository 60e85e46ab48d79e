"""What people see: text for a terminal, pages for a browser. Nothing here decides anything."""
