import { startSite } from './journeys/mistakes/site.ts'
import { MISTAKES } from './journeys/mistakes/cases.ts'
import { GPREG, isolatedEnvironment } from './support/gpreg.ts'
import { runProcess } from './support/process.ts'
await using site = await startSite()
const only = process.argv[2]
for (const m of MISTAKES) {
  if (only && !m.name.match(only)) continue
  if (m.only?.(site) === false) { console.log('### SKIP', m.name); continue }
  const t = Date.now()
  const line = [process.execPath, GPREG, ...m.args(site)]
  const [p, ...rest] = m.shell ? ['sh', '-c', m.shell, 'sh', ...line] : line
  const run = await runProcess(p!, rest, { cwd: site.path, env: isolatedEnvironment(site.path, m.env?.(site)), stdin: m.stdin ?? '' })
  const text = run.stderr + run.stdout
  const bad = [run.exitCode !== m.exit && `exit ${run.exitCode} != ${m.exit}`, !/^error: /m.test(text) && 'no error:', !/^hint: /m.test(text) && 'no hint:', !m.cause.test(text) && 'cause', !m.next.test((/^\s*hint:.*/m.exec(text)?.[0]) ?? '') && 'next'].filter(Boolean)
  console.log(`### ${m.name} [${Date.now() - t} ms] ${bad.join(', ') || 'ok'}\n--stderr\n${run.stderr}--stdout\n${run.stdout}`)
}
