"""Image references, the images that manifests name, and the digests of tags."""
