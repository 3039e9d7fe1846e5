"""What is measured: a module for each scenario of the command line."""
