#!/usr/bin/env node
// The command's doorstep: it stands outside dist so that npm can link it before the first build.
import '../dist/cli/main.js'
