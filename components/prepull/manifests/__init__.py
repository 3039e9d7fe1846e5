"""The component's objects as plain data: from a plan to manifests."""
