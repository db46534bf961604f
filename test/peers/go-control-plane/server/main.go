// A go-control-plane server for tests, on loopback: ADS as state of the world and delta, LRS, and an HTTP knob that also serves REST-JSON.
// PUT /snapshot?node=ID takes {version, listeners, routes, clusters, endpoints}, each entry protobuf JSON; GET /stats counts answers,
// GET /loads has the load reports so far.
// It prints {"xds":PORT,"http":PORT} once it serves, and ends when its input does.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	_ "github.com/cncf/xds/go/xds/type/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/fault/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/load_balancing_policies/round_robin/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	loadstats "github.com/envoyproxy/go-control-plane/envoy/service/load_stats/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

type snapshot struct {
	Version   string            `json:"version"`
	Listeners []json.RawMessage `json:"listeners"`
	Routes    []json.RawMessage `json:"routes"`
	Clusters  []json.RawMessage `json:"clusters"`
	Endpoints []json.RawMessage `json:"endpoints"`
}

type stats struct {
	sync.Mutex
	Acks    map[string]int `json:"acks"`
	Nacks   map[string]int `json:"nacks"`
	Streams int            `json:"streams"`
	Errors  []string       `json:"errors"`
}

func (s *stats) count(typeURL, nonce string, detail string) {
	s.Lock()
	defer s.Unlock()
	if nonce == "" {
		return
	}
	if detail == "" {
		s.Acks[typeURL]++
		return
	}
	s.Nacks[typeURL]++
	if len(s.Errors) < 20 {
		s.Errors = append(s.Errors, detail)
	}
}

func (s *stats) opened() error {
	s.Lock()
	defer s.Unlock()
	s.Streams++
	return nil
}

func decode[T proto.Message](raw []json.RawMessage, make func() T) ([]types.Resource, error) {
	var out []types.Resource
	for _, each := range raw {
		message := make()
		if err := protojson.Unmarshal(each, message); err != nil {
			return nil, err
		}
		out = append(out, message)
	}
	return out, nil
}

func (s snapshot) build() (*cache.Snapshot, error) {
	listeners, err := decode(s.Listeners, func() *listener.Listener { return &listener.Listener{} })
	if err != nil {
		return nil, err
	}
	routes, err := decode(s.Routes, func() *route.RouteConfiguration { return &route.RouteConfiguration{} })
	if err != nil {
		return nil, err
	}
	clusters, err := decode(s.Clusters, func() *cluster.Cluster { return &cluster.Cluster{} })
	if err != nil {
		return nil, err
	}
	endpoints, err := decode(s.Endpoints, func() *endpoint.ClusterLoadAssignment { return &endpoint.ClusterLoadAssignment{} })
	if err != nil {
		return nil, err
	}
	return cache.NewSnapshot(s.Version, map[resource.Type][]types.Resource{
		resource.ListenerType: listeners,
		resource.RouteType:    routes,
		resource.ClusterType:  clusters,
		resource.EndpointType: endpoints,
	})
}

// Asks every client for the load of all clusters each second, by endpoint, and keeps what it is told.
type loads struct {
	sync.Mutex
	Reports  int               `json:"reports"`
	Clusters []json.RawMessage `json:"clusters"`
}

func (l *loads) StreamLoadStats(stream loadstats.LoadReportingService_StreamLoadStatsServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	err := stream.Send(&loadstats.LoadStatsResponse{
		SendAllClusters:           true,
		LoadReportingInterval:     durationpb.New(time.Second),
		ReportEndpointGranularity: true,
	})
	for err == nil {
		var report *loadstats.LoadStatsRequest
		if report, err = stream.Recv(); err == nil {
			l.keep(report)
		}
	}
	return err
}

func (l *loads) keep(report *loadstats.LoadStatsRequest) {
	l.Lock()
	defer l.Unlock()
	l.Reports++
	for _, each := range report.ClusterStats {
		if raw, err := protojson.Marshal(each); err == nil {
			l.Clusters = append(l.Clusters, raw)
		}
	}
}

func main() {
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	snapshots := cache.NewSnapshotCache(false, cache.IDHash{}, nil)
	counts := &stats{Acks: map[string]int{}, Nacks: map[string]int{}}
	callbacks := server.CallbackFuncs{
		StreamOpenFunc:      func(context.Context, int64, string) error { return counts.opened() },
		DeltaStreamOpenFunc: func(context.Context, int64, string) error { return counts.opened() },
		StreamRequestFunc: func(_ int64, r *discovery.DiscoveryRequest) error {
			counts.count(r.TypeUrl, r.ResponseNonce, r.GetErrorDetail().GetMessage())
			return nil
		},
		StreamDeltaRequestFunc: func(_ int64, r *discovery.DeltaDiscoveryRequest) error {
			counts.count(r.TypeUrl, r.ResponseNonce, r.GetErrorDetail().GetMessage())
			return nil
		},
	}
	xds, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	grpcServer := grpc.NewServer()
	control := server.NewServer(context.Background(), snapshots, callbacks)
	discovery.RegisterAggregatedDiscoveryServiceServer(grpcServer, control)
	reported := &loads{Clusters: []json.RawMessage{}}
	loadstats.RegisterLoadReportingServiceServer(grpcServer, reported)
	go grpcServer.Serve(xds)

	mux := http.NewServeMux()
	gateway := server.HTTPGateway{Server: control}
	mux.HandleFunc("POST /v3/", func(w http.ResponseWriter, r *http.Request) {
		body, code, err := gateway.ServeHTTP(r)
		if err != nil {
			http.Error(w, err.Error(), code)
			return
		}
		w.WriteHeader(code)
		w.Write(body)
	})
	mux.HandleFunc("GET /loads", func(w http.ResponseWriter, _ *http.Request) {
		reported.Lock()
		defer reported.Unlock()
		json.NewEncoder(w).Encode(reported)
	})
	mux.HandleFunc("PUT /snapshot", func(w http.ResponseWriter, r *http.Request) {
		var said snapshot
		if err := json.NewDecoder(r.Body).Decode(&said); err != nil {
			http.Error(w, err.Error(), 400)
			return
		}
		built, err := said.build()
		if err == nil {
			err = snapshots.SetSnapshot(r.Context(), r.URL.Query().Get("node"), built)
		}
		if err != nil {
			http.Error(w, err.Error(), 400)
		}
	})
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		counts.Lock()
		defer counts.Unlock()
		json.NewEncoder(w).Encode(counts)
	})
	knob, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	go http.Serve(knob, mux)
	fmt.Printf("{\"xds\":%d,\"http\":%d}\n", xds.Addr().(*net.TCPAddr).Port, knob.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
