"""What `pyndis test` needs besides the suite: the image, and what people see while it runs."""
