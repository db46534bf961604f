// The messages of ratings.proto and the service itself, read when it is loaded: nothing is generated.
import { fileURLToPath } from 'node:url'
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  type GrpcObject,
  loadPackageDefinition,
  type Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

export interface Book {
  readonly id: number
}

export interface Stars {
  readonly reviewer: string
  readonly stars: number
  readonly instance?: string
}

export interface Summary {
  readonly ratings: number
  readonly mean: number
  readonly instance: string
}

type Done<T> = (error: ServiceError | null, answer?: T) => void

export interface RatingsClient extends Client {
  Summarize(book: Book, done: Done<Summary>): ClientUnaryCall
  List(book: Book): ClientReadableStream<Stars>
  Rate(done: Done<Summary>): ClientWritableStream<Stars>
  Rate(metadata: Metadata, done: Done<Summary>): ClientWritableStream<Stars>
  Discuss(): ClientDuplexStream<Stars, Summary>
}

const file = fileURLToPath(new URL('../ratings.proto', import.meta.url))
const loaded = loadPackageDefinition(loadSync(file, { defaults: true })) as unknown as { bookinfo: GrpcObject }

export const Ratings: ServiceClientConstructor = loaded.bookinfo['Ratings'] as ServiceClientConstructor
