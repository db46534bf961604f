module proxyless/test/peers/istiod/messages

go 1.26.0

require (
	github.com/jhump/protoreflect v1.17.0
	google.golang.org/protobuf v1.36.11
	istio.io/api v1.31.1
)

require (
	github.com/bufbuild/protocompile v0.14.1 // indirect
	github.com/golang/protobuf v1.5.4 // indirect
	google.golang.org/genproto/googleapis/api v0.0.0-20251213004720-97cd9d5aeac2 // indirect
)
