import type { ListFormat } from './list-format.ts'

/** The configuration of regsync: its steps of the type `image`. https://regclient.org/cli/regsync/ */
export const regsync: ListFormat = {
  matches: root => root.at('sync').items.some(step => step.at('source').text !== undefined),
  *read(root) {
    for (const step of root.at('sync').items) {
      const [source, target, type] = ['source', 'target', 'type'].map(key => step.at(key).text)
      if (source !== undefined && (type === undefined || type === 'image'))
        yield { name: source, ...(target === undefined ? {} : { target }), line: step.line }
      else if (source === undefined) yield { remark: 'this step has no source', line: step.line }
      else
        yield {
          remark: `the images of the ${type} ${source} are known to the registry only; name them one by one`,
          line: step.line,
        }
    }
  },
}
