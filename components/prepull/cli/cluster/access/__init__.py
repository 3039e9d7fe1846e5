"""What a kubeconfig says, and the connection that it makes: as kubectl reads it."""
