"""How results are shown: text, HTML, JSON, JUnit and Markdown."""
