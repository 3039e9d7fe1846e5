"""The program of the gate's pod: the standard library and `status/`, nothing else."""
