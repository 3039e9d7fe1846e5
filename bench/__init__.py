"""Benchmarks: compares the speed of the component with alternatives, in the same run."""
