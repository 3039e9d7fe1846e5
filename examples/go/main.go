// An image on every node first, then the Deployment that needs it.
//
//	pulumi install && pulumi up
//
// In a project of your own, `pulumi package add github.com/OWNER/REPOSITORY.git/components@v0.2.0` says what to import.
package main

import (
	"example.com/pulumi-prepull/sdk/go/prepull"
	appsv1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/apps/v1"
	corev1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/core/v1"
	metav1 "github.com/pulumi/pulumi-kubernetes/sdk/v4/go/kubernetes/meta/v1"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		image := config.Get(ctx, "image")
		if image == "" {
			image = "nginx:1.27"
		}

		images, err := prepull.NewPrePullDaemonSet(ctx, "images", &prepull.PrePullDaemonSetArgs{
			Images:  pulumi.ToStringArray([]string{image}),
			Timeout: pulumi.StringRef("10m"),
		})
		if err != nil {
			return err
		}

		labels := pulumi.ToStringMap(map[string]string{"app": "web"})
		_, err = appsv1.NewDeployment(ctx, "web", &appsv1.DeploymentArgs{
			Spec: &appsv1.DeploymentSpecArgs{
				Replicas: pulumi.Int(2),
				Selector: &metav1.LabelSelectorArgs{MatchLabels: labels},
				Template: &corev1.PodTemplateSpecArgs{
					Metadata: &metav1.ObjectMetaArgs{Labels: labels},
					Spec: &corev1.PodSpecArgs{Containers: corev1.ContainerArray{
						&corev1.ContainerArgs{Name: pulumi.String("web"), Image: pulumi.String(image)},
					}},
				},
			},
		}, pulumi.DependsOn([]pulumi.Resource{images}))
		if err != nil {
			return err
		}

		ctx.Export("images", images.Images)
		ctx.Export("readyNodes", images.ReadyNodes)
		ctx.Export("desiredNodes", images.DesiredNodes)
		return nil
	})
}
