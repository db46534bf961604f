package main

import (
	"context"
	"strings"
	"sync"
	"time"

	testpb "google.golang.org/grpc/interop/grpc_testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

type record struct {
	method   string
	watchers []*watcher
}

// Collects the calls that start after it, until it has enough of them.
type watcher struct {
	left   int
	open   int
	keys   []string
	result *testpb.LoadBalancerStatsResponse
	done   chan struct{}
}

type statistics struct {
	sync.Mutex
	watchers []*watcher
	total    map[string]*testpb.LoadBalancerAccumulatedStatsResponse_MethodStats
	good     bool
}

func newStatistics() *statistics {
	return &statistics{total: map[string]*testpb.LoadBalancerAccumulatedStatsResponse_MethodStats{}}
}

func (s *statistics) of(method string) *testpb.LoadBalancerAccumulatedStatsResponse_MethodStats {
	if s.total[method] == nil {
		s.total[method] = &testpb.LoadBalancerAccumulatedStatsResponse_MethodStats{Result: map[int32]int32{}}
	}
	return s.total[method]
}

func (s *statistics) started(method string) *record {
	s.Lock()
	defer s.Unlock()
	s.of(method).RpcsStarted++
	r := &record{method: method}
	for _, w := range s.watchers {
		if w.left > 0 {
			w.left--
			w.open++
			r.watchers = append(r.watchers, w)
		}
	}
	return r
}

func (s *statistics) succeeded() bool {
	s.Lock()
	defer s.Unlock()
	return s.good
}

func (s *statistics) ended(r *record, host string, header metadata.MD, code codes.Code) {
	s.Lock()
	defer s.Unlock()
	s.good = s.good || code == codes.OK
	s.of(r.method).Result[int32(code)]++
	for _, w := range r.watchers {
		w.ended(r.method, host, header, code)
	}
}

func (w *watcher) ended(method, host string, header metadata.MD, code codes.Code) {
	w.open--
	if code != codes.OK || host == "" {
		w.result.NumFailures++
	} else {
		w.result.RpcsByPeer[host]++
		if w.result.RpcsByMethod[method] == nil {
			w.result.RpcsByMethod[method] = &testpb.LoadBalancerStatsResponse_RpcsByPeer{RpcsByPeer: map[string]int32{}}
		}
		w.result.RpcsByMethod[method].RpcsByPeer[host]++
		w.note(host, header)
	}
	if w.left == 0 && w.open == 0 {
		close(w.done)
	}
}

func (w *watcher) note(host string, header metadata.MD) {
	if len(w.keys) == 0 {
		return
	}
	said := &testpb.LoadBalancerStatsResponse_RpcMetadata{}
	for key, values := range header {
		for _, wanted := range w.keys {
			if wanted == "*" || strings.EqualFold(wanted, key) {
				for _, value := range values {
					said.Metadata = append(said.Metadata, &testpb.LoadBalancerStatsResponse_MetadataEntry{Key: key, Value: value})
				}
			}
		}
	}
	if w.result.MetadatasByPeer[host] == nil {
		w.result.MetadatasByPeer[host] = &testpb.LoadBalancerStatsResponse_MetadataByPeer{}
	}
	peer := w.result.MetadatasByPeer[host]
	peer.RpcMetadata = append(peer.RpcMetadata, said)
}

type statsService struct {
	testpb.UnimplementedLoadBalancerStatsServiceServer
	stats *statistics
}

// GetClientStats collects the next calls, and answers when all have ended or time is up.
func (s statsService) GetClientStats(ctx context.Context, in *testpb.LoadBalancerStatsRequest) (*testpb.LoadBalancerStatsResponse, error) {
	w := &watcher{
		left: int(in.GetNumRpcs()),
		keys: in.GetMetadataKeys(),
		done: make(chan struct{}),
		result: &testpb.LoadBalancerStatsResponse{
			RpcsByPeer:      map[string]int32{},
			RpcsByMethod:    map[string]*testpb.LoadBalancerStatsResponse_RpcsByPeer{},
			MetadatasByPeer: map[string]*testpb.LoadBalancerStatsResponse_MetadataByPeer{},
		},
	}
	s.stats.Lock()
	s.stats.watchers = append(s.stats.watchers, w)
	s.stats.Unlock()
	if w.left > 0 {
		select {
		case <-w.done:
		case <-time.After(time.Duration(in.GetTimeoutSec()) * time.Second):
		case <-ctx.Done():
		}
	}
	s.stats.Lock()
	defer s.stats.Unlock()
	for at, each := range s.stats.watchers {
		if each == w {
			s.stats.watchers = append(s.stats.watchers[:at], s.stats.watchers[at+1:]...)
			break
		}
	}
	// what has not started or not ended by now has failed; late answers must not change what is being sent
	w.result.NumFailures += int32(w.left + w.open)
	result := w.result
	w.result = &testpb.LoadBalancerStatsResponse{
		RpcsByPeer:      map[string]int32{},
		RpcsByMethod:    map[string]*testpb.LoadBalancerStatsResponse_RpcsByPeer{},
		MetadatasByPeer: map[string]*testpb.LoadBalancerStatsResponse_MetadataByPeer{},
	}
	w.left = -1
	return result, nil
}

// GetClientAccumulatedStats tells what has happened since the start.
func (s statsService) GetClientAccumulatedStats(context.Context, *testpb.LoadBalancerAccumulatedStatsRequest) (*testpb.LoadBalancerAccumulatedStatsResponse, error) {
	s.stats.Lock()
	defer s.stats.Unlock()
	out := &testpb.LoadBalancerAccumulatedStatsResponse{
		StatsPerMethod: map[string]*testpb.LoadBalancerAccumulatedStatsResponse_MethodStats{},
	}
	for method, each := range s.stats.total {
		copied := &testpb.LoadBalancerAccumulatedStatsResponse_MethodStats{RpcsStarted: each.RpcsStarted, Result: map[int32]int32{}}
		for code, count := range each.Result {
			copied.Result[code] = count
		}
		out.StatsPerMethod[method] = copied
	}
	return out, nil
}
