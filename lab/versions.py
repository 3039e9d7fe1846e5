"""Every version that the lab pins, in one place."""

GO = "1.26.6"
GO_MINIMUM = (1, 26, 6)

KIND = "v0.33.0"
# The image from kind's release notes for this release, by digest.
KIND_NODE_IMAGE = "kindest/node:v1.34.11@sha256:44e222ee2132dab25ff87301682f89eb82c7880ea3a1bf543bfe9708fd08d67d"
KUBERNETES = "v1.34.2"
ETCD = "3.6.5-0"
SANDBOX_IMAGE = "registry.k8s.io/pause:3.10.1"
CONTAINERD = "v2.1.4"
CRICTL = "v1.36.0"

# The engine. Programs use the SDK that uv.lock names.
PULUMI = "3.274.1"
PULUMI_YAML = "1.28.0"
PULUMI_MINIMUM = (3, 190, 0)
# The provider that the SDK of uv.lock requires, and the newest provider that is available as a Go module.
PULUMI_KUBERNETES = "4.34.2"
PULUMI_KUBERNETES_BUILT = "4.28.0"

NODE = "24.19.0"
# The Node.js version that @pulumi/pulumi requires.
NODE_MINIMUM = (20, 0, 0)

REGISTRY_IMAGE = "registry:3"
DEBIAN = "bookworm"
DOCKER_CLI = "28.5.2"
BUSYBOX_IMAGE = "busybox:1.37-musl"
