// A grpc-go server for tests: gRPC's own interop service with ORCA reports on one port, the wire contract's methods on another.
// It prints {"port":PORT,"contract_port":PORT} and ends when its input does.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/interop"
	testpb "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/orca"
)

var (
	qps         = flag.Float64("qps", 0, "that the server reports by itself (ORCA)")
	utilization = flag.Float64("application_utilization", 0, "likewise")
)

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return listener
}

// newInteropServer is what google.golang.org/grpc/interop/server serves, and the compression that this one leaves out.
func newInteropServer() *grpc.Server {
	recorder := orca.NewServerMetricsRecorder()
	if *qps > 0 {
		recorder.SetQPS(*qps)
		recorder.SetApplicationUtilization(*utilization)
	}
	server := grpc.NewServer(orca.CallMetricsServerOption(nil), grpc.StatsHandler(wireStats{}))
	if err := orca.Register(server, orca.ServiceOptions{
		MinReportingInterval:  time.Second,
		ServerMetricsProvider: recorder,
	}); err != nil {
		log.Fatal(err)
	}
	service := interop.NewTestServer(interop.NewTestServerOptions{MetricsRecorder: recorder})
	testpb.RegisterTestServiceServer(server, &compressing{service})
	return server
}

func main() {
	flag.Parse()
	interopListener, contractListener := listen(), listen()
	go func() { log.Fatal(newInteropServer().Serve(interopListener)) }()
	go func() { log.Fatal(newContractServer().Serve(contractListener)) }()
	portOf := func(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
	line, _ := json.Marshal(map[string]int{"port": portOf(interopListener), "contract_port": portOf(contractListener)})
	fmt.Println(string(line))
	_, _ = io.Copy(io.Discard, os.Stdin)
}
