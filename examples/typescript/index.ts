// An image on every node first, then the Deployment that needs it.
//
//   pulumi install && pulumi up
//
// In a project of your own, `pulumi package add github.com/OWNER/REPOSITORY.git/components@v0.2.0` makes @owner/prepull.
import * as kubernetes from "@pulumi/kubernetes";
import * as prepull from "@pulumi/prepull";
import * as pulumi from "@pulumi/pulumi";

const image = new pulumi.Config().get("image") ?? "nginx:1.27";

const images = new prepull.PrePullDaemonSet("images", { images: [image], timeout: "10m" });

const labels = { app: "web" };
new kubernetes.apps.v1.Deployment(
    "web",
    {
        spec: {
            replicas: 2,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "web", image }] } },
        },
    },
    { dependsOn: [images] },
);

export const readyNodes = images.readyNodes;
export const desiredNodes = images.desiredNodes;
const normalised = images.images;
export { normalised as images };
