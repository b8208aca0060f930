/** Fits the table of arrows (tools/arrows.json) to the tree: new rooms, arrows that are new or gone. What it wrote is to be looked at. */
import { fileURLToPath } from 'node:url'
import { circleFaults } from './arrows/faults.ts'
import { fitTable, surveyRooms } from './arrows/survey.ts'
import { readTable, writeTable } from './arrows/table.ts'

const repo = fileURLToPath(new URL('..', import.meta.url))
const table = readTable()
const fitted = fitTable(surveyRooms(repo, table), table)
await writeTable(fitted)
for (const fault of circleFaults(fitted)) console.error(fault)
