// The methods of test/grpc/wire: messages are bytes, and each call is noted as the server saw it, for `/t/Seen`.
package main

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// rawCodec takes and gives bytes.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (rawCodec) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (rawCodec) Name() string { return "raw" }

// note is one call as the server saw it.
type note struct {
	Method     string              `json:"method"`
	Metadata   map[string][]string `json:"metadata"`
	Encoding   string              `json:"encoding"`
	Compressed []bool              `json:"compressed"`
	Cancelled  bool                `json:"cancelled"`
	Deadline   bool                `json:"deadline"`
}

type contract struct {
	mu    sync.Mutex
	notes []note
}

func newContractServer() *grpc.Server {
	return grpc.NewServer(
		grpc.ForceServerCodec(rawCodec{}),
		grpc.UnknownServiceHandler((&contract{}).handle),
		grpc.StatsHandler(wireStats{}),
		grpc.MaxRecvMsgSize(8<<20),
	)
}

func (c *contract) handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	if method == "/t/Seen" {
		c.mu.Lock()
		text, _ := json.Marshal(c.notes)
		c.notes = nil
		c.mu.Unlock()
		return stream.SendMsg(&text)
	}
	answer, known := methods[method]
	if !known {
		return status.Errorf(codes.Unimplemented, "unknown method %s", method)
	}
	err := answer(stream)
	// a call that was given up before it was whole may end after the one that asks
	if method == "/t/Hang" || stream.Context().Err() == nil {
		c.noted(method, stream)
	}
	return err
}

func (c *contract) noted(method string, stream grpc.ServerStream) {
	said, _ := metadata.FromIncomingContext(stream.Context())
	readable := map[string][]string{}
	for name, values := range said {
		for _, value := range values {
			if strings.HasSuffix(name, "-bin") {
				value = base64.StdEncoding.EncodeToString([]byte(value))
			}
			readable[name] = append(readable[name], value)
		}
	}
	seen := wireOf(stream.Context())
	_, deadline := stream.Context().Deadline()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	cancelled := stream.Context().Err() != nil
	c.notes = append(c.notes, note{method, readable, seen.encoding, seen.compressed, cancelled, deadline})
}

var methods = map[string]func(grpc.ServerStream) error{
	"/t/Echo": func(stream grpc.ServerStream) error {
		message, err := receive(stream)
		if err != nil {
			return err
		}
		said, _ := metadata.FromIncomingContext(stream.Context())
		ahead := metadata.MD{}
		for name, values := range said {
			if strings.HasPrefix(name, "echo-") {
				ahead[name] = values
			}
		}
		if err := stream.SendHeader(ahead); err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("end-bin", string([]byte{0, 255})))
		return stream.SendMsg(&message)
	},
	"/t/Fail": func(stream grpc.ServerStream) error {
		stream.SetTrailer(metadata.Pairs("why", "one", "why", "two"))
		failure, err := status.New(codes.NotFound, "schön % nicht\nda").WithDetails(wrapperspb.String("hi"))
		if err != nil {
			return err
		}
		return failure.Err()
	},
	"/t/FailLate": func(stream grpc.ServerStream) error {
		if err := stream.SendHeader(metadata.MD{}); err != nil {
			return err
		}
		return status.Error(codes.Aborted, "later")
	},
	"/t/Big": func(stream grpc.ServerStream) error {
		message := make([]byte, 5<<20)
		return stream.SendMsg(&message)
	},
	"/t/Half": func(stream grpc.ServerStream) error {
		first := []byte("first")
		if err := stream.SendMsg(&first); err != nil {
			return err
		}
		if _, err := receive(stream); err != nil {
			return err
		}
		return status.Error(codes.DataLoss, "half")
	},
	"/t/Count": func(stream grpc.ServerStream) error {
		for _, digit := range "0123456789" {
			message := []byte(string(digit))
			if err := stream.SendMsg(&message); err != nil {
				return err
			}
		}
		return nil
	},
	"/t/Sum": func(stream grpc.ServerStream) error {
		var all []byte
		for {
			message, err := receive(stream)
			if err == io.EOF {
				return stream.SendMsg(&all)
			}
			if err != nil {
				return err
			}
			all = append(all, message...)
		}
	},
	"/t/Hang": func(stream grpc.ServerStream) error {
		_ = stream.SendHeader(metadata.MD{})
		<-stream.Context().Done()
		return status.FromContextError(stream.Context().Err()).Err()
	},
}

func receive(stream grpc.ServerStream) ([]byte, error) {
	var message []byte
	err := stream.RecvMsg(&message)
	return message, err
}
