"""A verification as people read it, as JSON, and as SARIF."""
