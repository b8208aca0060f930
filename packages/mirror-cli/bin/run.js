#!/usr/bin/env -S node --max-semi-space-size=2
// A small young generation: the chunks of a stream are let go soon and their memory is used again, which takes a third off the
// peak and a fifth off the CPU time of a copy (docs/benchmarks.md).
// Plain old JavaScript: on a Node that is too old, this file must still get as far as saying so.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 19)) {
  process.stderr.write(`gpreg needs Node 22.19 or newer, this is ${process.version} (${process.execPath})\n`)
  process.exit(2)
}
const { answerVersion, start } = await import('../dist/early.js')
if (!answerVersion(process.argv.slice(2), new URL('../package.json', import.meta.url)))
  await start(new URL('..', import.meta.url))
