"""What `pyndis build` does: a request becomes a plan of files and commands, and the plan is run and put in place whole."""
