// One document's text inside a file, and where its lines stand in that file.
// A text is cut at `---` lines, so that one broken document does not hide its neighbours.

export interface Chunk {
  readonly source: string
  /** Of the text; 0 unless several sources are one. */
  readonly layer: number
  readonly text: string
  /** Line of the file the chunk starts at, counted from 0. */
  readonly firstLine: number
}

/** Cuts a text into documents. Empty ones (blank, comments, directives) are left out. */
export function splitDocuments(source: string, text: string, layer = 0): Chunk[] {
  const clean = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
  const chunks: Chunk[] = []
  let start = 0
  let firstLine = 0
  for (const marker of clean.matchAll(/^---(?=[ \t\r\n]|$)/gm)) {
    push(chunks, { source, layer, text: clean.slice(start, marker.index), firstLine })
    firstLine += countLines(clean, start, marker.index)
    start = marker.index + 3
  }
  push(chunks, { source, layer, text: clean.slice(start), firstLine })
  return chunks
}

/** Chunks after a marker start behind its three dashes; what they add to a column on that line is not worth counting. */
function push(chunks: Chunk[], chunk: Chunk): void {
  if (/^(?!\s*(?:#|$)|%)/m.test(chunk.text)) chunks.push(chunk)
}

function countLines(text: string, from: number, to: number): number {
  let lines = 0
  for (let at = text.indexOf('\n', from); at !== -1 && at < to; at = text.indexOf('\n', at + 1)) lines++
  return lines
}
