// A tiny keep-alive HTTP/1.1 server on raw sockets: one fixed answer of 107 bytes to every request without a body.
// A process of its own; sends its port to its parent and ends with it.
import { createServer, type AddressInfo } from 'node:net'

const body = JSON.stringify({
  id: '0',
  reviews: [{ reviewer: 'Reviewer1', text: 'An extremely entertaining play by him.', stars: 5 }],
})
const answer = Buffer.from(
  `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 107\r\nconnection: keep-alive\r\n\r\n${body.padEnd(107)}`,
)
const endOfHead = '\r\n\r\n'

const server = createServer({ noDelay: true }, (socket) => {
  let rest = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk) => {
    const text = rest + chunk.toString('latin1')
    let start = 0
    for (let end = text.indexOf(endOfHead); end !== -1; end = text.indexOf(endOfHead, start)) {
      start = end + endOfHead.length
      socket.write(answer)
    }
    rest = text.slice(start)
  })
})

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.on('disconnect', () => process.exit())
