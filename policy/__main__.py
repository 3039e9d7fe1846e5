"""The policy pack; `pulumi preview --policy-pack policy` starts it, see PulumiPolicy.yaml."""

from prepull_policy.pack import serve

serve()
