// A plugin of buf (CodeGeneratorRequest in, CodeGeneratorResponse out): the descriptors of all messages as one text, for their JSON.
// Read by no one but packages/xds/src/json, when JSON is asked for.
import { readFileSync, writeSync } from 'node:fs'
import { deflateRawSync } from 'node:zlib'
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

const sourceCodeInfo = 9
const lineLength = 120

/** The bytes of all fields of this number. */
function fields(bytes, number) {
  const reader = new BinaryReader(bytes)
  const found = []
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag()
    if (field === number && type === WireType.LengthDelimited) found.push(reader.bytes())
    else reader.skip(type, field)
  }
  return found
}

function without(bytes, number) {
  const reader = new BinaryReader(bytes)
  const kept = []
  while (reader.pos < reader.len) {
    const start = reader.pos
    const [field, type] = reader.tag()
    reader.skip(type, field)
    if (field !== number) kept.push(bytes.subarray(start, reader.pos))
  }
  return Buffer.concat(kept)
}

const request = readFileSync(0)
const set = new BinaryWriter()
for (const file of fields(request, 15)) set.uint32((1 << 3) | 2).bytes(without(file, sourceCodeInfo))
const text = deflateRawSync(set.finish(), { level: 9 }).toString('base64')
const lines = text.match(new RegExp(`.{1,${lineLength}}`, 'g')) ?? []
const content = `/** A google.protobuf.FileDescriptorSet, deflated, in base64. */\nexport const descriptors: string = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n].join('')\n`

const optionalOfProto3 = 1
const made = new BinaryWriter()
made.uint32((1 << 3) | 2).string('descriptors.ts')
made.uint32((15 << 3) | 2).string(content)
const response = new BinaryWriter()
response.uint32((2 << 3) | 0).uint64(optionalOfProto3)
response.uint32((15 << 3) | 2).bytes(made.finish())
writeSync(1, response.finish())
