import { createReport, parseReportDocument, readInput, type ReportDocument } from '@gpreg/core'
import { writeOutputFile } from '@gpreg/oci/engine'
import { BaseCommand } from '../base-command.ts'
import { defined } from '../flags/defined.ts'
import { withEnvironment } from '../flags/environment.ts'
import { Args, Flags } from '../oclif.ts'
import { formatOfFile, REPORT_FORMATS, renderReport } from '../render/report/formats.ts'
import { describeReport, renderReportLine } from '../render/report/answer.ts'
import { standardInput } from '../standard-input.ts'

const STDOUT = '-'

export default class Report extends BaseCommand {
  static override summary = 'Make a report for a change ticket of what other commands printed.'
  static override description =
    'Reads locks, receipts, the PATH.manifest.json of bundles, and what mirror, verify, bundle save, bundle load and bundle inspect print with --json, in any order. Asks no registry; the same documents make the same report.'
  static override usage = '<%= command.id %> DOCUMENT… -o FILE|- [FLAGS]'
  static override examples = [
    {
      description: 'One page that needs nothing else, of a copy and its verification',
      command: 'gpreg report gpreg.lock.json mirror.json verify.json -o report.html',
    },
    {
      description: 'The text for a ticket, with the name of who did it',
      command: "gpreg report mirror.json verify.json --format markdown -o - --by 'Ada Example'",
    },
    {
      description: 'A bill of materials of what is there',
      command: 'gpreg report verify.json -o images.cdx.json',
    },
  ]
  static override strict = false
  static override args = {
    document: Args.string({
      name: 'DOCUMENT',
      required: true,
      description: 'a JSON document of gpreg; - is stdin',
    }),
  }
  static override flags = withEnvironment({
    output: Flags.string({
      char: 'o',
      required: true,
      helpValue: 'FILE|-',
      description: 'where the report goes; - is stdout',
    }),
    format: Flags.option({
      options: REPORT_FORMATS,
      description: 'default: by the name of the output: .html, .md, .csv, .cdx.json, .spdx.json',
    })(),
    title: Flags.string({ helpValue: 'TEXT', description: 'heading, e.g. the number of the change' }),
    by: Flags.string({ helpValue: 'NAME', description: 'who made the change; not said unless given' }),
  })

  async run() {
    const { flags, argv } = await this.parse(Report)
    const format = flags.format ?? formatOfFile(flags.output === STDOUT ? 'report.md' : flags.output)
    const stdin = standardInput(this.signal)
    const documents: ReportDocument[] = []
    for (const path of argv as string[])
      documents.push(parseReportDocument(await readInput(path, stdin), path))
    const report = createReport(documents, defined({ title: flags.title, by: flags.by }))
    const text = renderReport(report, format)
    const answer = describeReport(report, format, flags.output)
    if (flags.output === STDOUT) return this.answer({ ...answer, text }, () => text.replace(/\r?\n$/, ''))
    await writeOutputFile(flags.output, text)
    return this.answer(answer, renderReportLine)
  }
}
