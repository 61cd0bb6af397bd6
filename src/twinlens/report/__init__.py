"""Report: pages and sheets that people look at."""
