// Istio documents and the calling workload, translated to a mesh configuration.
export { type Code, PROBLEM_CODES } from './codes.ts'
export type { CompatProfile } from './compat.ts'
export { documentSource } from './document-source.ts'
export { check, fromDocuments } from './mesh-source.ts'
export type { IstioOptions, TranslationOptions, Workload } from './options.ts'
export type { OwnDocument } from './documents/own-document.ts'
export { Reader, type ReaderOptions, type Reading, type Translation } from './reader.ts'
export type { MeshSettingsInput } from './schema/mesh-settings.ts'
