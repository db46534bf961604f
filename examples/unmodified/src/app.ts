// An Express application as there are many: it calls other services by axios, by fetch and by grpc-js, and knows of no mesh.
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js'
import axios from 'axios'
import express from 'express'
import { ratingsService } from './ratings-service.ts'

const Ratings = makeGenericClientConstructor(ratingsService, 'Ratings')
const ratings = new Ratings('ratings.example:9080', credentials.createInsecure())
const app = express()

app.get('/axios', async (_request, response) => {
  const { data } = await axios.get<string>('http://reviews.example/reviews')
  response.send(data)
})

app.get('/fetch', async (_request, response) => {
  const answer = await fetch('http://reviews.example/reviews')
  response.status(answer.status).send(await answer.text())
})

app.get('/grpc', (_request, response) => {
  ratings['get']?.(Buffer.from('0'), (error: Error | null, rating?: Buffer) => {
    if (error === null) response.send(rating?.toString())
    else response.status(500).send(error.message)
  })
})

const server = app.listen(Number(process.env['PORT'] ?? 0), '127.0.0.1', () => {
  const address = server.address()
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`)
})
process.on('SIGTERM', () => server.close(() => process.exit()))
