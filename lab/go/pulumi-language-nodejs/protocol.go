// What the engine's protocol has by now, and the host's sources, which are put beside this file, have not.
package main

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// Template is what `pulumi new` asks for.
func (host *nodeLanguageHost) Template(
	context.Context, *pulumirpc.TemplateRequest,
) (*pulumirpc.TemplateResponse, error) {
	return nil, status.Error(codes.Unimplemented, "this host has no templates")
}

// RegisterErrorHook is passed on to the engine, as everything that a program asks for.
func (p *monitorProxy) RegisterErrorHook(
	ctx context.Context, req *pulumirpc.RegisterErrorHookRequest,
) (*emptypb.Empty, error) {
	return p.target.RegisterErrorHook(ctx, req)
}
