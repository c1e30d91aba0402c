"""What `pyndis inspect` shows of each kind of file."""
