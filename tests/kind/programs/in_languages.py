"""Programs in each language with one component: mistakes in its arguments, and members of enums."""

from __future__ import annotations

import shutil

import pytest

PROGRAMS = {
    "yaml": "Pulumi.yaml",
    "typescript": "index.ts",
    "go": "main.go",
    "java": "src/main/java/app/App.java",
}
"""The file of an example's program."""

HAS_JAVA = bool(shutil.which("javac") and shutil.which("mvn"))
NEEDS_JAVA = pytest.mark.skipif(not HAS_JAVA, reason="runs a program in Java: needs a JDK from 17 on, and Maven")
LANGUAGES = [pytest.param(name, marks=[NEEDS_JAVA] if name == "java" else []) for name in PROGRAMS]

_YAML = """\
name: prepull-yaml
runtime: yaml
packages:
  prepull: ../../components
config:
  onFailure:
    type: string
    default: retry
resources:
  images:
    type: prepull:PrePullDaemonSet
    properties:
"""
_GO = """\
package main

import (
	"example.com/pulumi-prepull/sdk/go/prepull"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		onFailure := config.Get(ctx, "onFailure")
		if onFailure == "" {
			onFailure = "retry"
		}
		runtime := prepull.RuntimeContainerd
		_, err := prepull.NewPrePullDaemonSet(ctx, "images", &prepull.PrePullDaemonSetArgs{
			Runtime:   &runtime,
			OnFailure: prepull.OnFailure(onFailure),
ARGUMENTS
		})
		return err
	})
}
"""
_JAVA = """\
package app;

import com.pulumi.Pulumi;
import com.pulumi.prepull.PrePullDaemonSet;
import com.pulumi.prepull.PrePullDaemonSetArgs;
import com.pulumi.prepull.enums.OnFailure;
import com.pulumi.prepull.enums.PullPolicy;
import com.pulumi.prepull.enums.Runtime;
import com.pulumi.prepull.enums.TaintEffect;
import com.pulumi.prepull.enums.TolerationOperator;
import com.pulumi.prepull.inputs.TolerationArgs;

public class App {
    public static void main(String[] args) {
        Pulumi.run(context -> {
            var arguments = PrePullDaemonSetArgs.builder()ARGUMENTS;
            new PrePullDaemonSet("images", arguments.build());
        });
    }
}
"""
_TYPESCRIPT = """\
import * as prepull from "@pulumi/prepull";
import * as pulumi from "@pulumi/pulumi";

new prepull.PrePullDaemonSet("images", {
    onFailure: new pulumi.Config().get<prepull.OnFailure>("onFailure"),
    ARGUMENTS
});
"""

WRONG = {
    "yaml": _YAML
    + """\
      images:
        - UPPER/case
      imageTimeout: soon
      tolerations:
        - operator: Exists
          tolerationSeconds: 5
""",
    "typescript": _TYPESCRIPT.replace(
        "ARGUMENTS",
        'images: ["UPPER/case"], imageTimeout: "soon", tolerations: [{ operator: "Exists", tolerationSeconds: 5 }],',
    ),
    "go": _GO.replace(
        "ARGUMENTS",
        """\
			Images:       pulumi.ToStringArray([]string{"UPPER/case"}),
			ImageTimeout: pulumi.String("soon"),
			Tolerations: prepull.TolerationArray{
				prepull.TolerationArgs{Operator: prepull.TolerationOperatorExists, TolerationSeconds: pulumi.Int(5)},
			},""",
    ),
    "java": _JAVA.replace(
        "ARGUMENTS",
        '.images("UPPER/case").imageTimeout("soon").tolerations('
        "TolerationArgs.builder().operator(TolerationOperator.Exists).tolerationSeconds(5).build())",
    ),
}
"""Three wrong arguments."""

WITH_ENUMS = {
    "yaml": _YAML
    + """\
      images:
        - IMAGE
      runtime: containerd
      pullPolicy: Always
      onFailure: ${onFailure}
      tolerations:
        - operator: Exists
          effect: NoSchedule
""",
    "typescript": _TYPESCRIPT.replace(
        "ARGUMENTS",
        """\
images: ["IMAGE"],
    runtime: prepull.Runtime.Containerd,
    pullPolicy: "Always",
    tolerations: [
        { operator: prepull.TolerationOperator.Exists, effect: pulumi.output(prepull.TaintEffect.NoSchedule) },
    ],""",
    ),
    "go": _GO.replace(
        "ARGUMENTS",
        """\
			Images:     pulumi.ToStringArray([]string{"IMAGE"}),
			PullPolicy: prepull.PullPolicyAlways,
			Tolerations: prepull.TolerationArray{
				prepull.TolerationArgs{
					Operator: prepull.TolerationOperatorExists,
					Effect:   prepull.TaintEffectNoSchedule.ToTaintEffectPtrOutput(),
				},
			},""",
    ),
    "java": _JAVA.replace(
        "ARGUMENTS",
        '.images("IMAGE").runtime(Runtime.Containerd).pullPolicy(PullPolicy.Always)'
        '.onFailure(context.config().require("onFailure").equals("continue") ? OnFailure.Continue : OnFailure.Retry)'
        ".tolerations(TolerationArgs.builder().operator(TolerationOperator.Exists)"
        ".effect(TaintEffect.NoSchedule).build())",
    ),
}
"""Members of enums and, where the language has them, texts; `onFailure` is a text of the configuration."""

REFUSED = {
    "yaml": (
        _YAML + "      images: [nginx]\n      pullPolicy: Sometimes\n",
        r'Allowed values are IfNotPresent \("IfNotPresent"\), Always \("Always"\)',
    ),
    "typescript": (
        _TYPESCRIPT.replace("ARGUMENTS", 'images: ["nginx"], pullPolicy: "Sometimes",'),
        r"""Type '"Sometimes"' is not assignable to type .*PullPolicy""",
    ),
    "go": (
        _GO.replace("ARGUMENTS", '\t\t\tPullPolicy: pulumi.String("Sometimes"),'),
        r"cannot use pulumi\.String\(\"Sometimes\"\) .* as .*PullPolicy",
    ),
    "java": (
        _JAVA.replace("ARGUMENTS", '.images("nginx").pullPolicy("Sometimes")'),
        r"no suitable method found for pullPolicy\(",
    ),
}
"""A text that an enum does not have, and how the language itself refuses it."""
