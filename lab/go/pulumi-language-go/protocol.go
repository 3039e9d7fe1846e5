// What the engine's protocol has by now, and the host's sources, which are put beside this file, have not.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Template is what `pulumi new` asks for.
func (host *goLanguageHost) Template(
	context.Context, *pulumirpc.TemplateRequest,
) (*pulumirpc.TemplateResponse, error) {
	return nil, status.Error(codes.Unimplemented, "this host has no templates")
}

// Link leads the program's module to the generated SDKs. The request has become another one than that of the host's
// own method, which is left out.
func (host *goLanguageHost) Link(_ context.Context, req *pulumirpc.LinkRequest) (*pulumirpc.LinkResponse, error) {
	directory := req.Info.ProgramDirectory
	program := filepath.Join(directory, "go.mod")
	linked, err := read(program)
	if err != nil {
		return nil, err
	}
	for _, found := range req.Packages {
		sdk := found.Path
		if !filepath.IsAbs(sdk) {
			sdk = filepath.Join(directory, sdk)
		}
		module, err := read(filepath.Join(sdk, "go.mod"))
		if err != nil {
			return nil, err
		}
		relative, err := filepath.Rel(directory, sdk)
		if err != nil {
			return nil, err
		}
		if err := linked.AddReplace(module.Module.Mod.Path, "", "./"+filepath.ToSlash(relative), ""); err != nil {
			return nil, fmt.Errorf("%s: %w", program, err)
		}
	}
	text, err := linked.Format()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", program, err)
	}
	return &pulumirpc.LinkResponse{}, os.WriteFile(program, text, 0o644)
}

func read(path string) (*modfile.File, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(path, text, nil)
}
