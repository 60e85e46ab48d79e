"""What a build server reads: JUnit XML, Markdown, and annotations of GitHub Actions."""
