"""Serves the component to programs in every language; `pulumi` starts it, see PulumiPlugin.yaml."""

import sys

import pulumi.provider
from prepull.program.provider import PrePullProvider

if __name__ == "__main__":
    pulumi.provider.main(PrePullProvider(), sys.argv[1:])
