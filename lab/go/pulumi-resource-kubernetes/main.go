// Command pulumi-resource-kubernetes is the official provider, built from its published Go module.
//
// The module's own main embeds files that its release process generates and that the module does not
// carry. Both are derived from files that it does carry; lab/tools puts them beside this file.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

//go:embed schema.json
var schema []byte

//go:embed terraform-mapping.json
var terraformMapping []byte

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
