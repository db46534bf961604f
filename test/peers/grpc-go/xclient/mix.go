package main

import (
	"context"
	"strings"
	"sync"
	"time"

	testpb "google.golang.org/grpc/interop/grpc_testing"
)

const (
	unary = "UNARY_CALL"
	empty = "EMPTY_CALL"
)

// What is called in each turn.
type wanted struct {
	method   string
	metadata []string
	timeout  time.Duration
}

type mix struct {
	sync.Mutex
	all []wanted
}

func newMix(methods []string, meta string) *mix {
	pairs := map[string][]string{}
	for _, each := range strings.Split(meta, ",") {
		if parts := strings.SplitN(each, ":", 3); len(parts) == 3 {
			pairs[parts[0]] = append(pairs[parts[0]], parts[1], parts[2])
		}
	}
	m := &mix{}
	for _, method := range methods {
		name := map[string]string{"UnaryCall": unary, "EmptyCall": empty}[method]
		m.all = append(m.all, wanted{method: name, metadata: pairs[method]})
	}
	return m
}

func (m *mix) get() []wanted {
	m.Lock()
	defer m.Unlock()
	return m.all
}

type configureService struct {
	testpb.UnimplementedXdsUpdateClientConfigureServiceServer
	mix *mix
}

// Configure replaces the mix.
func (s configureService) Configure(_ context.Context, in *testpb.ClientConfigureRequest) (*testpb.ClientConfigureResponse, error) {
	var all []wanted
	for _, kind := range in.GetTypes() {
		each := wanted{method: kind.String(), timeout: time.Duration(in.GetTimeoutSec()) * time.Second}
		for _, pair := range in.GetMetadata() {
			if pair.GetType() == kind {
				each.metadata = append(each.metadata, pair.GetKey(), pair.GetValue())
			}
		}
		all = append(all, each)
	}
	s.mix.Lock()
	defer s.mix.Unlock()
	s.mix.all = all
	return &testpb.ClientConfigureResponse{}, nil
}
