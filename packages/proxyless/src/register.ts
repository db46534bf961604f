// node --import proxyless/register app.js: the application runs on the mesh without a line of code.
// Settings come from proxyless.yaml and PROXYLESS_* variables; the application starts once the mesh has a configuration.
import type { Mesh } from './create-mesh.ts'
import { startMesh } from './register/start.ts'

/** Of this process, for who wants to look into it; undefined with PROXYLESS_MODE=off. */
export const mesh: Mesh | undefined = await start()

async function start(): Promise<Mesh | undefined> {
  const say = (line: string): void => void process.stderr.write(`proxyless: ${line}\n`)
  // nothing of the mesh keeps a process alive, not even one that still waits for it
  const waiting = setInterval(() => undefined, 60_000)
  try {
    return await startMesh({ env: process.env, directory: process.cwd() }, say)
  } catch (error) {
    say(error instanceof Error ? error.message : String(error))
    say('the application is not started; PROXYLESS_MODE=off starts it without a mesh')
    process.exit(1)
  } finally {
    clearInterval(waiting)
  }
}
