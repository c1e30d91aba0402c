"""A report as people read it, as JSON, and as JUnit's XML."""
