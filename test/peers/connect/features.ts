// What connectTransport can do, in the words of the conformance suite.

export const features = {
  features: {
    versions: ['HTTP_VERSION_1', 'HTTP_VERSION_2'],
    protocols: ['PROTOCOL_CONNECT', 'PROTOCOL_GRPC', 'PROTOCOL_GRPC_WEB'],
    codecs: ['CODEC_PROTO', 'CODEC_JSON'],
    compressions: ['COMPRESSION_IDENTITY', 'COMPRESSION_GZIP'],
    stream_types: [
      'STREAM_TYPE_UNARY',
      'STREAM_TYPE_CLIENT_STREAM',
      'STREAM_TYPE_SERVER_STREAM',
      'STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM',
      'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM',
    ],
    supports_h2c: true,
    supports_tls: false,
    supports_trailers: true,
    supports_half_duplex_bidi_over_http1: true,
    supports_connect_get: true,
    supports_message_receive_limit: true,
  },
  exclude_cases: [
    // grpc-js knows no other form than protobuf
    { protocol: 'PROTOCOL_GRPC', codec: 'CODEC_JSON' },
  ],
}

/** Connect's own transports fail these too: codes and trailers of its library, and of an empty message that is not compressed. */
const ofConnect = [
  'Connect Unexpected Responses/**/no-end-stream',
  'Connect Unexpected Responses/**/incomplete-message',
  'Connect Unexpected Responses/**/incomplete-message-prefix',
  'Basic/**/Protocol:PROTOCOL_GRPC_WEB/**/(grpc server impl)/bidi-stream/half-duplex/no-responses',
  'Basic/**/Protocol:PROTOCOL_CONNECT/Codec:CODEC_PROTO/Compression:COMPRESSION_GZIP/**/unimplemented',
]

/** The part of a message at the end of a stream that ends well is left out by grpc-js. */
const ofGrpcJs = [
  'gRPC Unexpected Responses/**/incomplete-message',
  'gRPC Unexpected Responses/**/incomplete-message-prefix',
]

export const knownToFail: readonly string[] = [...ofConnect, ...ofGrpcJs]

/** grpc-js tells a failure at once, whatever came before it and was not read yet: a plain client loses them as well. */
export const mayFail: readonly string[] = [
  '**/Protocol:PROTOCOL_GRPC/**/server-stream/error-with-responses',
  '**/Protocol:PROTOCOL_GRPC/**/bidi-stream/half-duplex/error-with-responses',
]
