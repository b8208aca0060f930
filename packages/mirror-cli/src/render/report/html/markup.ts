/** A piece of HTML that is escaped already. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Value = Markup | string | number | undefined | readonly Value[]

/**
 * HTML with values in it: text is escaped, lists are joined, undefined is nothing. Values must stand in quotes in attributes. The
 * indentation of the template is left out.
 */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  const [first = '', ...parts] = strings.map(part => part.replace(/\n\s*/g, '\n'))
  return new Markup(parts.reduce((text, part, index) => text + textOf(values[index]) + part, first))
}

function textOf(value: Value): string {
  if (value === undefined) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(textOf).join('')
  return String(value).replace(/[&<>"']/g, each => ENTITIES[each] ?? each)
}

/** Text that may break after its colons, which stand behind a kind or an algorithm: `catalogue:2022.11.3`. */
export function breakable(text: string): Markup {
  return new Markup(textOf(text).replaceAll(':', ':<wbr>'))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** The first row of a table: the names of its columns. */
export function tableHead(...columns: readonly string[]): Markup {
  return html`<thead>
    <tr>
      ${columns.map(column => html`<th scope="col">${column}</th> `)}
    </tr>
  </thead>`
}

/** A number for an attribute of SVG: a part of the whole in percent, with two digits. */
export function percent(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Number(((100 * part) / whole).toFixed(2))}%`
}
