/** Where a value is in a document. A chain, so that a step down copies nothing; `undefined` is the root. */
export type ValuePath = { readonly above: ValuePath; readonly step: string | number } | undefined

export function below(above: ValuePath, step: string | number): ValuePath {
  return { above, step }
}

/** From the root down. */
export function stepsOf(path: ValuePath): (string | number)[] {
  const steps: (string | number)[] = []
  for (let here = path; here !== undefined; here = here.above) steps.push(here.step)
  return steps.toReversed()
}

/** `spec.containers[0].image`; a key that is no plain word stands in brackets: `data["config.json"].image`. */
export function formatPath(path: ValuePath): string {
  return stepsOf(path)
    .map(step =>
      typeof step === 'number' ? `[${step}]` : WORD.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`,
    )
    .join('')
    .replace(/^\./, '')
}

const WORD = /^[\w-]+$/
