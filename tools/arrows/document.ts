import type { Room } from './table.ts'

const BEGIN = '<!-- arrows: written by `npm run docs` from tools/arrows.json -->'
const END = '<!-- /arrows -->'

/** Writes the tables of rooms, one a package, between the two markers of a document. */
export function insertRooms(document: string, table: readonly Room[]): string {
  const [before, rest] = split(document, BEGIN)
  const [, after] = split(rest, END)
  return `${before}${BEGIN}\n\n${formatRooms(table)}\n\n${END}${after}`
}

function split(text: string, marker: string): [string, string] {
  const at = text.indexOf(marker)
  if (at === -1) throw new Error(`the marker ${marker} is missing`)
  return [text.slice(0, at), text.slice(at + marker.length)]
}

export function formatRooms(table: readonly Room[]): string {
  const packages = Map.groupBy(table, ({ name }) => packageOf(name))
  return [...packages].map(([short, rooms]) => section(short, rooms)).join('\n\n')
}

const packageOf = (room: string) => room.split('/')[0] ?? room

function section(short: string, rooms: readonly Room[]): string {
  const rows = rooms.map(({ name, holds, imports, back = {} }) => {
    const targets = [...imports, ...Object.keys(back)].map(
      to => label(to, short) + (back[to] ? ' (circle)' : ''),
    )
    return `| ${label(name, short)} | ${holds} | ${targets.join(', ') || 'nothing of ours'} |`
  })
  const reasons = rooms.flatMap(({ name, back = {} }) =>
    Object.entries(back).map(([to, why]) => `- ${label(name, short)} imports ${label(to, short)}: ${why}.`),
  )
  return [
    `### packages/${short}`,
    ['| room | what is in it | may import |', '| --- | --- | --- |', ...rows].join('\n'),
    ...(reasons.length > 0 ? [`Circles, and why they are there:\n\n${reasons.join('\n')}`] : []),
  ].join('\n\n')
}

/** Rooms of the same package go without its name. */
function label(room: string, short: string): string {
  if (room === short) return '`src/`'
  return room.startsWith(`${short}/`) ? `\`${room.slice(short.length + 1)}/\`` : `\`${room}\``
}
