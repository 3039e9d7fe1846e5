// Command csharp-sdk writes the SDK of a package in C# from the package's schema: csharp-sdk SCHEMA DIRECTORY
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi/pkg/v3/codegen/dotnet"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func main() {
	if len(os.Args) != 3 {
		end(fmt.Errorf("usage: csharp-sdk SCHEMA DIRECTORY"))
	}
	written, err := generate(os.Args[1])
	if err != nil {
		end(err)
	}
	for name, content := range written {
		path := filepath.Join(os.Args[2], name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			end(err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			end(err)
		}
	}
}

func generate(file string) (map[string][]byte, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	// The generator fetches the package's logo, and Pulumi's own from the internet where there is none.
	logo := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer logo.Close()
	spec := schema.PackageSpec{LogoURL: logo.URL}
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, err
	}
	found, diagnostics, err := schema.BindSpec(spec, nil, schema.ValidationOptions{})
	if err != nil {
		return nil, err
	}
	if diagnostics.HasErrors() {
		return nil, diagnostics
	}
	return dotnet.GeneratePackage("csharp-sdk", found, nil, nil)
}

func end(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
