"""The images of workloads, and what registries say of them."""
