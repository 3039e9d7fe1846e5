"""The program of the gate's pod. It imports only the standard library and `status/`."""
