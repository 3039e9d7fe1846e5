"""The program of the gate's pod. It imports only the standard library and `status/`."""

# Here, where it costs the program that deploys the gate no import of all that the gate needs.
MARGIN_SECONDS = 30
"""How long after `timeout` the Job ends the gate: by then the gate has ended by itself and its message has arrived."""
