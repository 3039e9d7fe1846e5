// An image on every node first, then the Deployment that needs it.
//
//   pulumi install && pulumi up
//
// In a project of your own: pulumi package add github.com/OWNER/REPOSITORY.git/components@v0.2.0
package app;

import com.pulumi.Context;
import com.pulumi.Pulumi;
import com.pulumi.kubernetes.apps.v1.Deployment;
import com.pulumi.kubernetes.apps.v1.DeploymentArgs;
import com.pulumi.kubernetes.apps.v1.inputs.DeploymentSpecArgs;
import com.pulumi.kubernetes.core.v1.inputs.ContainerArgs;
import com.pulumi.kubernetes.core.v1.inputs.PodSpecArgs;
import com.pulumi.kubernetes.core.v1.inputs.PodTemplateSpecArgs;
import com.pulumi.kubernetes.meta.v1.inputs.LabelSelectorArgs;
import com.pulumi.kubernetes.meta.v1.inputs.ObjectMetaArgs;
import com.pulumi.prepull.PrePullDaemonSet;
import com.pulumi.prepull.PrePullDaemonSetArgs;
import com.pulumi.resources.CustomResourceOptions;
import java.util.Map;

public class App {
    public static void main(String[] args) {
        Pulumi.run(App::stack);
    }

    private static void stack(Context context) {
        var image = context.config().get("image").orElse("nginx:1.27");

        var images = new PrePullDaemonSet(
                "images", PrePullDaemonSetArgs.builder().images(image).timeout("10m").build());

        var labels = Map.of("app", "web");
        new Deployment(
                "web",
                DeploymentArgs.builder()
                        .spec(DeploymentSpecArgs.builder()
                                .replicas(2)
                                .selector(LabelSelectorArgs.builder().matchLabels(labels).build())
                                .template(PodTemplateSpecArgs.builder()
                                        .metadata(ObjectMetaArgs.builder().labels(labels).build())
                                        .spec(PodSpecArgs.builder()
                                                .containers(ContainerArgs.builder().name("web").image(image).build())
                                                .build())
                                        .build())
                                .build())
                        .build(),
                CustomResourceOptions.builder().dependsOn(images).build());

        context.export("images", images.images());
        context.export("readyNodes", images.readyNodes());
        context.export("desiredNodes", images.desiredNodes());
    }
}
