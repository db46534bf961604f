// Loads the platform's own undici before the one that this package brings, which would otherwise become the global
// dispatcher of the built-in fetch: another version, that refuses some of what the built-in one sends (undici#5500).
void globalThis.Headers
