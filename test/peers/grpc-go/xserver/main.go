// A grpc-go server for tests: the TestService of gRPC's interop suites on loopback, which behaves as `rpc-behavior` asks.
// Flags and words are those of xds_interop_server. It prints {"port":PORT,"maintenance_port":PORT} and ends when its input does.
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
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/admin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	xdscreds "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/xds"
)

var (
	port            = flag.Int("port", 0, "of the TestService; 0: a free one")
	maintenancePort = flag.Int("maintenance_port", 0, "of health, admin and XdsUpdateHealthService; 0: a free one")
	serverID        = flag.String("server_id", "go_server", "sent back in SimpleResponse")
	hostname        = flag.String("hostname", "", "sent back as initial metadata; default: the machine's")
	address         = flag.String("address", "127.0.0.1", "of loopback, where the TestService listens; several divided by commas, on one port")
	secureMode      = flag.Bool("secure_mode", false, "an xDS server with xDS credentials")
)

type server struct {
	testgrpc
	name string
}

type testgrpc = testpb.TestServiceServer

func (s *server) EmptyCall(ctx context.Context, _ *testpb.Empty) (*testpb.Empty, error) {
	if err := s.behave(ctx); err != nil {
		return nil, err
	}
	return &testpb.Empty{}, nil
}

func (s *server) UnaryCall(ctx context.Context, in *testpb.SimpleRequest) (*testpb.SimpleResponse, error) {
	if err := s.behave(ctx); err != nil {
		return nil, err
	}
	payload := &testpb.Payload{Body: make([]byte, in.GetResponseSize())}
	return &testpb.SimpleResponse{ServerId: *serverID, Hostname: s.name, Payload: payload}, nil
}

// behave obeys `[hostname=X ]sleep-N|keep-open|error-code-N|succeed-on-retry-attempt-N`, several divided by commas.
func (s *server) behave(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	for _, value := range md.Get("rpc-behavior") {
		for _, each := range strings.Split(value, ",") {
			words := strings.TrimSpace(each)
			if rest, found := strings.CutPrefix(words, "hostname="); found {
				host, behavior, _ := strings.Cut(rest, " ")
				if host != s.name {
					continue
				}
				words = behavior
			}
			if err := obey(ctx, md, words); err != nil {
				return err
			}
			if strings.HasPrefix(words, "succeed-on-retry-attempt-") {
				return s.greet(ctx)
			}
		}
	}
	return s.greet(ctx)
}

// greet says the name. A failure has no metadata ahead of its status: with it a call could not be retried.
func (s *server) greet(ctx context.Context) error {
	return grpc.SetHeader(ctx, metadata.Pairs("hostname", s.name))
}

func obey(ctx context.Context, md metadata.MD, words string) error {
	number := func(prefix string) (int, bool) {
		rest, found := strings.CutPrefix(words, prefix)
		n, err := strconv.Atoi(rest)
		return n, found && err == nil
	}
	if words == "keep-open" {
		<-ctx.Done()
		return ctx.Err()
	}
	if n, ok := number("sleep-"); ok {
		select {
		case <-time.After(time.Duration(n) * time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if n, ok := number("error-code-"); ok {
		return status.Errorf(codes.Code(n), "by rpc-behavior: %s", words)
	}
	if n, ok := number("succeed-on-retry-attempt-"); ok {
		attempts := 0
		if said := md.Get("grpc-previous-rpc-attempts"); len(said) > 0 {
			attempts, _ = strconv.Atoi(said[0])
		}
		if attempts != n {
			return status.Errorf(codes.Unavailable, "by rpc-behavior: attempt %d", attempts)
		}
	}
	return nil
}

type updateHealth struct {
	testpb.UnimplementedXdsUpdateHealthServiceServer
	health *health.Server
}

func (u updateHealth) SetServing(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	u.health.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)
	return &testpb.Empty{}, nil
}

func (u updateHealth) SetNotServing(context.Context, *testpb.Empty) (*testpb.Empty, error) {
	u.health.SetServingStatus("", healthpb.HealthCheckResponse_NOT_SERVING)
	return &testpb.Empty{}, nil
}

func listen(address string, port int) net.Listener {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

func portOf(l net.Listener) int {
	return l.Addr().(*net.TCPAddr).Port
}

// listenAll takes the port of the first address for those that follow.
func listenAll(addresses []string, port int) []net.Listener {
	first := listen(addresses[0], port)
	all := []net.Listener{first}
	for _, each := range addresses[1:] {
		all = append(all, listen(each, portOf(first)))
	}
	return all
}

type grpcServer interface {
	grpc.ServiceRegistrar
	Serve(net.Listener) error
}

func newTestServer() grpcServer {
	if !*secureMode {
		return grpc.NewServer()
	}
	creds, err := xdscreds.NewServerCredentials(xdscreds.ServerOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		log.Fatal(err)
	}
	server, err := xds.NewGRPCServer(grpc.Creds(creds))
	if err != nil {
		log.Fatal(err)
	}
	return server
}

func main() {
	flag.Parse()
	name := *hostname
	if name == "" {
		name, _ = os.Hostname()
	}
	states := health.NewServer()
	states.SetServingStatus("", healthpb.HealthCheckResponse_SERVING)

	tests := newTestServer()
	testpb.RegisterTestServiceServer(tests, &server{interop.NewTestServer(), name})
	healthpb.RegisterHealthServer(tests, states)

	maintenance := grpc.NewServer()
	testpb.RegisterXdsUpdateHealthServiceServer(maintenance, updateHealth{health: states})
	healthpb.RegisterHealthServer(maintenance, states)
	reflection.Register(maintenance)
	if stop, err := admin.Register(maintenance); err == nil {
		defer stop()
	}

	testListeners, maintenanceListener := listenAll(strings.Split(*address, ","), *port), listen("127.0.0.1", *maintenancePort)
	for _, each := range testListeners {
		go func() { log.Fatal(tests.Serve(each)) }()
	}
	go func() { log.Fatal(maintenance.Serve(maintenanceListener)) }()
	line, _ := json.Marshal(map[string]int{"port": portOf(testListeners[0]), "maintenance_port": portOf(maintenanceListener)})
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
