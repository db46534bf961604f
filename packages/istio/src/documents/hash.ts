// A quick number for a text (FNV-1a): equal texts, equal numbers. For version names, not for security.

export function hashText(text: string, seed = 0x811c9dc5): number {
  let hash = seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
