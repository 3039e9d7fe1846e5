"""What a release is made with: the agreement of its versions, the digests of the default images, and a dry run."""
