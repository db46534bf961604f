// `npm run peers [-- NAME...]`: the suites against real peers, in test/peers/NAME.peer.ts.
// A peer that is not on this machine is skipped with a message; PEERS=require makes it a failure.
import './setup.mjs'
import { close, vitest } from './run.mjs'

close(vitest(['--config', 'vitest.peers.config.ts', ...process.argv.slice(2)]))
