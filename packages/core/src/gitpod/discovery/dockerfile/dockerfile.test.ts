import { describe, expect, it } from 'vitest'
import { dockerfileImages } from './dockerfile.ts'

const images = (text: string) => dockerfileImages(text).mentions.map(({ image }) => image)
const problems = (text: string) =>
  dockerfileImages(text).problems.map(({ line, message }) => `${line}: ${message}`)

describe('the images of a build', () => {
  it.each([
    ['FROM', 'FROM alpine:3\n', ['alpine:3']],
    ['FROM without a line break at the end', 'FROM alpine:3', ['alpine:3']],
    ['lower case and tabs', '\tfrom\talpine:3\tas\tbase\n', ['alpine:3']],
    ['quotes', 'FROM "alpine:3" AS \'x\'\n', ['alpine:3']],
    ['flags', 'FROM --platform=$BUILDPLATFORM golang:1 AS b\n', ['golang:1']],
    ['Windows line breaks', 'FROM a:1 \\\r\n  AS x\r\nCOPY --from=b:2 / /\r\n', ['a:1', 'b:2']],
    ['stages of any case', 'FROM a:1 AS Build\nFROM BUILD\nCOPY --from=bUiLd / /\n', ['a:1']],
    ['an image called as its own stage', 'FROM golang AS golang\nFROM golang\n', ['golang']],
    ['an image before the stage of its name', 'FROM b\nFROM a AS b\n', ['b', 'a']],
    ['scratch', 'FROM scratch\nCOPY --from=scratch / /\n', []],
    ['numbers of stages', 'FROM a\nFROM b\nCOPY --from=0 / /\nCOPY --from=1 / /\n', ['a', 'b']],
    ['a stage that stands below', 'FROM a\nCOPY --from=late / /\nFROM b AS late\n', ['a', 'b']],
    ['COPY --from beside other flags', 'FROM a\nCOPY --link --from=b:1 --chown=1:1 / /\n', ['a', 'b:1']],
    ['--from as a file', 'FROM a\nCOPY /x --from=b:1 /\n', ['a']],
    ['--from behind --', 'FROM a\nCOPY -- --from=b:1 /\n', ['a']],
    ['quotes around a flag', 'FROM a\nCOPY "--from=b:1" / /\nCOPY --from="c:1" / /\n', ['a', 'c:1']],
    [
      'mounts',
      'FROM a\nRUN --mount=type=bind,from=b:1,target=/x --mount=from=c:1,target=/y ls\n',
      ['a', 'b:1', 'c:1'],
    ],
    [
      'cache mounts, keys of any case',
      'FROM a\nRUN --mount=TYPE=Cache,FROM=b:1,target=/x ls\n',
      ['a', 'b:1'],
    ],
    [
      'mounts without an image',
      'FROM a AS s\nRUN --mount=type=secret,id=from=x --mount=from=s,target=/y ls\n',
      ['a'],
    ],
    ['a command that looks like a mount', 'FROM a\nRUN echo --mount=from=b:1\n', ['a']],
    [
      'continued flags',
      'FROM a\nRUN --mount=from=b:1,target=/x \\\n# a comment\n\n  --mount=from=c:1,target=/y \\\n  ls\n',
      ['a', 'b:1', 'c:1'],
    ],
    ['a name in two lines', 'FROM alp\\\nine:3\n', ['alpine:3']],
    [
      'a doubled escape, which continues nothing',
      'FROM a\nRUN dir C:\\\\\nCOPY --from=b:1 / /\n',
      ['a', 'b:1'],
    ],
    ['the escape directive', '# escape=`\nFROM a\nRUN dir C:\\\nCOPY --from=b:1 `\n / /\n', ['a', 'b:1']],
    ['an escape directive too late', '\n# escape=`\nFROM a\nRUN x \\\nCOPY --from=b:1 / /\n', ['a']],
    ['the syntax directive', '#  Syntax = docker/dockerfile:1 \nFROM a\n', ['docker/dockerfile:1', 'a']],
    ['syntax after escape and a shebang', '#!/usr/bin/x\n# escape=\\\n# syntax=f:1\nFROM a\n', ['f:1', 'a']],
    ['syntax after a comment, which is one, too', '# hello\n# syntax=f:1\nFROM a\n', ['a']],
    ['heredocs', 'FROM a\nRUN <<EOF\nFROM b\nCOPY --from=c / /\nEOF\nFROM d\n', ['a', 'd']],
    ['quoted and indented heredocs', 'FROM a\nRUN cat <<-"E F" >x\nFROM b\n\tE F\nFROM d\n', ['a', 'd']],
    ['two heredocs', 'FROM a\nCOPY <<A <<B /\nFROM b\nA\nFROM c\nB\nFROM d\n', ['a', 'd']],
    [
      'a shift and a here-string, which are no heredocs',
      'FROM a\nRUN x $((1<<2)) <<<y\nFROM d\n',
      ['a', 'd'],
    ],
    [
      'ONBUILD',
      'FROM a\nONBUILD COPY --from=b:1 / /\nONBUILD RUN --mount=from=c:1,target=/x ls\n',
      ['a', 'b:1', 'c:1'],
    ],
  ])('%s', (_, text, expected) => {
    expect(images(text)).toEqual(expected)
    expect(problems(text)).toEqual([])
  })

  it.each([
    ['plain', 'ARG V=3\nFROM alpine:$V\n', 'alpine:3'],
    ['several in a line', 'ARG A=x B="y" C=\nFROM $A/$B$C\n', 'x/y'],
    ['made of each other', 'ARG A=1\nARG B=a:$A\nFROM ${B}\n', 'a:1'],
    ['platform arguments', 'FROM a:$TARGETOS-${TARGETARCH}$TARGETVARIANT\n', 'a:linux-amd64'],
    ['a platform argument that is declared again', 'ARG TARGETARCH\nFROM a:$TARGETARCH\n', 'a:amd64'],
    ['a default at the place', 'FROM ${IMAGE:-a:1}\n', 'a:1'],
    ['a default inside a default', 'ARG B=2\nFROM ${A:-a:${B:-1}}\n', 'a:2'],
    ['an empty value', 'ARG A=\nFROM ${A:-a}${A-b}\n', 'a'],
    ['+', 'ARG A=1\nFROM a${A:+:2}${B+x}\n', 'a:2'],
    ['? with a value', 'ARG A=a:1\nFROM ${A:?needed}\n', 'a:1'],
    ['single quotes, which replace nothing', "ARG A='$B'\nFROM a:${A#?}\n", 'a:B'],
    ['an escaped dollar sign', 'ARG A=x\\$y\nFROM ${A%\\$y}\n', 'x'],
  ])('build arguments: %s', (_, text, expected) => {
    expect(images(text)).toEqual([expected])
    expect(problems(text)).toEqual([])
  })

  it('takes given build arguments before defaults', () => {
    const args = new Map([['V', '18']])
    expect(dockerfileImages('ARG V=16\nFROM node:$V\n', { args }).mentions).toMatchObject([
      { image: 'node:18' },
    ])
  })

  it('knows further build contexts', () => {
    const text = 'FROM Base\nCOPY --from=other / /\n'
    expect(dockerfileImages(text, { contexts: ['base', 'other'] }).mentions).toEqual([])
  })
})

it.each([
  ['a variable without a value', 'ARG A\nFROM $A\n', /^2: FROM \$A uses A, which has no value/],
  ['a variable in a default', 'ARG A\nARG B=x:$A\nFROM $B\n', /^3: FROM \$B uses A/],
  ['an argument of a stage', 'FROM a\nARG A=b\nFROM $A\n', /^3: .* uses A/],
  ['?', 'FROM ${A:?give-one}\n', /^1: .* needs a value for A: give-one/],
  ['an open brace', 'FROM ${A\n', /^1: /],
  ['an open quote', 'FROM "a\n', /^1: .*lacks a closing "/],
  ['no name', 'FROM\n', /^1: FROM names no image/],
  ['an empty name', 'ARG A=\nFROM "$A"\n', /^2: .* names no image/],
  ['words that are too many', 'FROM a b\n', /^1: FROM a is followed by b/],
  ['a variable in COPY', 'FROM a\nCOPY --from=$B / /\n', /^2: COPY --from: "\$B" has a variable/],
  ['a number without a stage', 'FROM a\nCOPY --from=1 / /\n', /^2: .* number of no stage/],
  ['a number in a mount', 'FROM a\nRUN --mount=from=0,target=/x ls\n', /^2: .* number of no stage/],
  ['ADD --from', 'FROM a\nADD --from=b / /\n', /^2: ADD --from: only COPY/],
  ['a name of ONBUILD that may be a stage', 'FROM a\nONBUILD COPY --from=b / /\n', /^2: .* may be a stage/],
  ['a heredoc without an end', 'FROM a\nRUN <<EOF\nFROM b\n', /^2: a heredoc does not end/],
  ['what is no instruction', 'FROM a\nCOPPY --from=b / /\n', /^2: "COPPY" is no instruction/],
  ['a value that doubles itself', `ARG A=xx\n${'ARG A=$A$A\n'.repeat(20)}FROM $A\n`, /^22: .* too long/],
])('%s is told with its line', (_, text, expected) => {
  expect(problems(text)).toEqual([expect.stringMatching(expected)])
})

it('says where a name stands, or why it cannot be replaced', () => {
  const text = `\r
ARG A=b:1\r
FROM  "a:1" AS x\r
FROM $A\r
COPY \\\r
  --from=c:1 / /\r
RUN --mount=type=bind,from=d:1,target=/d:1 ls\r
COPY --from=e\\\r
:1 / /\r
`
  const { mentions } = dockerfileImages(text)
  expect(
    mentions.map(({ at, line, span, byHand, text: written }) => [
      at,
      line,
      span === undefined ? byHand : text.slice(span.start, span.end) === written && written,
    ]),
  ).toEqual([
    ['FROM', 3, 'a:1'],
    ['FROM', 4, 'made of build arguments'],
    ['COPY --from', 6, 'c:1'],
    ['RUN --mount', 7, 'd:1'],
    ['COPY --from', 8, 'written in several pieces'],
  ])
})

it('reads hostile files in a time that grows with their length', () => {
  const long = 1 << 17
  for (const text of [
    `FROM a\nRUN ${'--mount=from=b \\\n'.repeat(long / 16)} ls\n`,
    `FROM a\nRUN ${'<<A '.repeat(long / 4)}\n`,
    `ARG A=${'a'.repeat(500)}\n${'ARG B=${A//?*b/x}\n'.repeat(long / 18)}FROM $B\n`,
    `FROM ${'${A:-'.repeat(long / 5)}\n`,
    `${'\\\n'.repeat(long / 2)}FROM a\n`,
    `FROM ${'"\\"'.repeat(long / 3)}\n`,
  ]) {
    const start = process.cpuUsage()
    dockerfileImages(text)
    const { user } = process.cpuUsage(start)
    expect(user).toBeLessThan(8e6)
  }
})
