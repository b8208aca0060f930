import { expect, it } from 'vitest'
import { expandVariables } from './variables.ts'

const values = new Map([
  ['V', { text: '1.2.3-rc.1' }],
  ['P', { text: 'a/b/c' }],
  ['EMPTY', { text: '' }],
])
const dockerfile = (text: string) => expandVariables(text, values, { escape: '\\' })
const compose = (text: string) => expandVariables(text, values, {})

it.each([
  ['${V#*.}', '2.3-rc.1'],
  ['${V##*.}', '1'],
  ['${V%.*}', '1.2.3-rc'],
  ['${V%%.*}', '1'],
  ['${V%%-*}', '1.2.3'],
  ['${V#?}', '.2.3-rc.1'],
  ['${V#x}', '1.2.3-rc.1'],
  ['${V#*}', '1.2.3-rc.1'],
  ['${V##*}', ''],
  ['${P/\\//-}', 'a-b/c'],
  ['${P//\\//-}', 'a-b-c'],
  ['${V/.*-/_}', '1_rc.1'],
  ['${V//[.]/x}', '1.2.3-rc.1'],
  ['${EMPTY:-x}${EMPTY-y}', 'x'],
  ['a$', 'a$'],
  ['"$V"\'$V\'', '1.2.3-rc.1$V'],
  ['\\$V', '$V'],
])('a Dockerfile reads %s as %s', (text, expected) => {
  expect(dockerfile(text)).toEqual({ text: expected })
})

it.each([
  ['${NONE:-a}', 'a'],
  ['${NONE-a:${V}}', 'a:1.2.3-rc.1'],
  ['$$V', '$V'],
  ['"$V"', '"1.2.3-rc.1"'],
])('a Compose file reads %s as %s', (text, expected) => {
  expect(compose(text)).toEqual({ text: expected })
})

it.each(['$NONE', '${NONE}', '${V', '${}', '${V:~x}', '${NONE:?say}', "'open", '${:-x}'])(
  'a Dockerfile cannot know %s',
  text => expect(dockerfile(text).problem).toBeDefined(),
)
