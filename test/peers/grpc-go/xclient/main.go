// A grpc-go client for tests: calls a target at a steady rate and tells who answered, by the services of gRPC's interop suites.
// Flags and services are those of xds_interop_client; the bootstrap comes from GRPC_XDS_BOOTSTRAP or GRPC_XDS_BOOTSTRAP_CONFIG.
// It prints {"stats_port":PORT} once it serves, and ends when its input does.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/admin"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

var (
	target        = flag.String("server", "", "what is called, such as xds:///svc:8080")
	statsPort     = flag.Int("stats_port", 0, "of the services; 0: a free one")
	numChannels   = flag.Int("num_channels", 1, "channels")
	qps           = flag.Int("qps", 1, "calls per second and method; 0: none")
	rpc           = flag.String("rpc", "UnaryCall", "methods, divided by commas: UnaryCall, EmptyCall")
	meta          = flag.String("metadata", "", "Method:key:value, divided by commas")
	rpcTimeout    = flag.Int("rpc_timeout_sec", 20, "deadline of each call")
	failOnFailed  = flag.Bool("fail_on_failed_rpcs", false, "end when a call fails after one has succeeded")
	printResponse = flag.Bool("print_response", false, "write each answer to the error stream")
	secureMode    = flag.Bool("secure_mode", false, "xDS credentials")
	requestSize   = flag.Int("request_payload_size", 0, "bytes")
	responseSize  = flag.Int("response_payload_size", 0, "bytes")
)

type caller struct {
	stubs []testpb.TestServiceClient
	mix   *mix
	stats *statistics
}

func (c *caller) run() {
	if *qps <= 0 {
		return
	}
	turn := 0
	for range time.Tick(time.Second / time.Duration(*qps)) {
		turn++
		for _, each := range c.mix.get() {
			go c.call(c.stubs[turn%len(c.stubs)], each)
		}
	}
}

func (c *caller) call(stub testpb.TestServiceClient, each wanted) {
	timeout := each.timeout
	if timeout == 0 {
		timeout = time.Duration(*rpcTimeout) * time.Second
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, each.metadata...)
	record := c.stats.started(each.method)
	var header metadata.MD
	var from peer.Peer
	options := []grpc.CallOption{grpc.Header(&header), grpc.Peer(&from), grpc.WaitForReady(true)}
	host := ""
	var err error
	if each.method == empty {
		_, err = stub.EmptyCall(ctx, &testpb.Empty{}, options...)
	} else {
		var answer *testpb.SimpleResponse
		request := &testpb.SimpleRequest{ResponseSize: int32(*responseSize), Payload: &testpb.Payload{Body: make([]byte, *requestSize)}}
		answer, err = stub.UnaryCall(ctx, request, options...)
		host = answer.GetHostname()
	}
	if said := header.Get("hostname"); len(said) > 0 {
		host = said[0]
	}
	if *printResponse {
		log.Printf("%s from %q at %v: %v", each.method, host, from.Addr, err)
	}
	if err != nil && *failOnFailed && c.stats.succeeded() {
		log.Fatalf("a call failed: %v", err)
	}
	c.stats.ended(record, host, header, status.Code(err))
}

func dial() testpb.TestServiceClient {
	var creds credentials.TransportCredentials = insecure.NewCredentials()
	if *secureMode {
		var err error
		creds, err = xdscreds.NewClientCredentials(xdscreds.ClientOptions{FallbackCreds: insecure.NewCredentials()})
		if err != nil {
			log.Fatal(err)
		}
	}
	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(creds))
	if err != nil {
		log.Fatal(err)
	}
	connection.Connect()
	return testpb.NewTestServiceClient(connection)
}

func main() {
	flag.Parse()
	c := &caller{mix: newMix(strings.Split(*rpc, ","), *meta), stats: newStatistics()}
	for range *numChannels {
		c.stubs = append(c.stubs, dial())
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *statsPort))
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	testpb.RegisterLoadBalancerStatsServiceServer(server, statsService{stats: c.stats})
	testpb.RegisterXdsUpdateClientConfigureServiceServer(server, configureService{mix: c.mix})
	states := health.NewServer()
	healthpb.RegisterHealthServer(server, states)
	reflection.Register(server)
	if stop, err := admin.Register(server); err == nil {
		defer stop()
	}
	go func() { log.Fatal(server.Serve(listener)) }()
	go c.run()
	line, _ := json.Marshal(map[string]int{"stats_port": listener.Addr().(*net.TCPAddr).Port})
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
