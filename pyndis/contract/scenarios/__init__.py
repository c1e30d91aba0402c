"""Things that happen to an adapter at the same time: all pairs of them, and the triples that are known to hurt."""
