"""Everything that can fails once: each allocation, each call that may, in each path through the driver."""
