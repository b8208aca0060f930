/** Filters the rows of the images as one types. Without it the page has everything but the field. */
export const SCRIPT = `
const bar = document.querySelector('.filter')
const field = document.querySelector('#filter')
const count = document.querySelector('output')
const groups = [...document.querySelectorAll('.rows')].map(group => ({
  group,
  rows: [...group.querySelectorAll('tbody tr')],
}))
let texts
bar.hidden = false
field.addEventListener('input', () => {
  texts ??= new Map(groups.flatMap(({ rows }) => rows.map(row => [row, row.textContent.toLowerCase()])))
  const words = field.value.toLowerCase().split(/\\s+/)
  let shown = 0
  for (const { group, rows } of groups) {
    let any = false
    for (const row of rows) {
      const fits = words.every(word => texts.get(row).includes(word))
      row.hidden = !fits
      if (fits) shown++
      any ||= fits
    }
    group.hidden = !any
  }
  count.textContent = field.value === '' ? '' : shown + (shown === 1 ? ' image' : ' images')
})
`
