// What went over the wire, and the compression cases of the interop service.
package main

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
)

// wire is what was seen of one call below the API.
type wire struct {
	mu       sync.Mutex
	encoding string
	// of each message of the request: whether its bytes were fewer on the wire
	compressed []bool
}

type wireKey struct{}

func wireOf(ctx context.Context) *wire {
	seen, _ := ctx.Value(wireKey{}).(*wire)
	return seen
}

func (w *wire) lastCompressed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.compressed) > 0 && w.compressed[len(w.compressed)-1]
}

type wireStats struct{}

func (wireStats) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, wireKey{}, &wire{})
}

func (wireStats) HandleRPC(ctx context.Context, event stats.RPCStats) {
	seen := wireOf(ctx)
	seen.mu.Lock()
	defer seen.mu.Unlock()
	switch said := event.(type) {
	case *stats.InHeader:
		seen.encoding = said.Compression
	case *stats.InPayload:
		seen.compressed = append(seen.compressed, said.CompressedLength != said.Length)
	}
}

func (wireStats) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (wireStats) HandleConn(context.Context, stats.ConnStats)                       {}

// compressing is the interop service for client_compressed_* and server_compressed_*.
type compressing struct {
	testpb.TestServiceServer
}

func expect(want *testpb.BoolValue, is bool) error {
	if want != nil && want.GetValue() != is {
		return status.Errorf(codes.InvalidArgument, "compressed %t, expected %t", is, want.GetValue())
	}
	return nil
}

func answerIn(ctx context.Context, want *testpb.BoolValue) error {
	if want == nil {
		return nil
	}
	name := "identity"
	if want.GetValue() {
		name = "gzip"
	}
	return grpc.SetSendCompressor(ctx, name)
}

func (s *compressing) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := expect(in.GetExpectCompressed(), wireOf(ctx).lastCompressed()); err != nil {
		return nil, err
	}
	if err := answerIn(ctx, in.GetResponseCompressed()); err != nil {
		return nil, err
	}
	return s.TestServiceServer.UnaryCall(ctx, in)
}

func (s *compressing) StreamingInputCall(stream testpb.TestService_StreamingInputCallServer) error {
	return s.TestServiceServer.StreamingInputCall(expectingStream{stream})
}

type expectingStream struct {
	testpb.TestService_StreamingInputCallServer
}

func (s expectingStream) Recv() (*testpb.StreamingInputCallRequest, error) {
	in, err := s.TestService_StreamingInputCallServer.Recv()
	if err == nil {
		err = expect(in.GetExpectCompressed(), wireOf(s.Context()).lastCompressed())
	}
	return in, err
}

// grpc-go compresses all messages of a stream or none.
func (s *compressing) StreamingOutputCall(in *testpb.StreamingOutputCallRequest, stream testpb.TestService_StreamingOutputCallServer) error {
	if parameters := in.GetResponseParameters(); len(parameters) > 0 {
		if err := answerIn(stream.Context(), parameters[0].GetCompressed()); err != nil {
			return err
		}
	}
	return s.TestServiceServer.StreamingOutputCall(in, stream)
}
