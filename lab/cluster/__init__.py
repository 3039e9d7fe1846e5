"""The running lab: its nodes, its registries, and the stack on them."""
