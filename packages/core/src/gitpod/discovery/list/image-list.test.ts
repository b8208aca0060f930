import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createContext } from '../../../context.ts'
import { isGpregError, formatReference } from '@gpreg/oci'
import { parseImageList } from './image-list.ts'
import type { FoundImage } from '../found-image.ts'

const pin = `sha256:${'a'.repeat(64)}`

/** What a list gives, in lines: `SOURCE`, `SOURCE -> TARGET`, and `! WARNING`. */
async function read(text: string): Promise<string[]> {
  const warnings: string[] = []
  const context = createContext({
    emit: event => event.type === 'warning' && warnings.push(`! ${event.message}`),
  })
  const images = await parseImageList(text, 'list', context)
  return [...images.map(written), ...warnings]
}

function written({ source, target }: FoundImage): string {
  return formatReference(source) + (target === undefined ? '' : ` -> ${formatReference(target)}`)
}

describe('lines', () => {
  it.each([
    ['# base\r\nredis:6.2  # cache\n\n  quay.io/a/b:1\n', ['docker.io/library/redis:6.2', 'quay.io/a/b:1']],
    ['docker://redis:6\noci://ghcr.io/a/chart:1\n', ['docker.io/library/redis:6', 'ghcr.io/a/chart:1']],
    [
      '"quay.io/a/b:1",\n - \'quay.io/c:1\'\n* `quay.io/d:1`;\n3. quay.io/e:1',
      ['quay.io/a/b:1', 'quay.io/c:1', 'quay.io/d:1', 'quay.io/e:1'],
    ],
    ['   7 redis:6\n  12 quay.io/a/b:1\n', ['docker.io/library/redis:6', 'quay.io/a/b:1']],
    [
      '  image: redis:6\nx.yaml:12:  - image: "quay.io/a/b"\nCACHE_IMAGE=redis:7',
      ['docker.io/library/redis:6', 'quay.io/a/b:latest', 'docker.io/library/redis:7'],
    ],
    [
      'web-0:\tredis:6, quay.io/a/b:1, \nweb-1:\tredis:6\n',
      ['docker.io/library/redis:6', 'quay.io/a/b:1', 'docker.io/library/redis:6'],
    ],
    [
      'sudo docker pull redis:6\nredis:7 // cache\nquay.io/a \\\n',
      ['docker.io/library/redis:6', 'docker.io/library/redis:7', 'quay.io/a:latest'],
    ],
    [
      'docker pull -q --platform linux/amd64 a:1\nnerdctl -n k8s.io pull b:1\nctr --namespace=k8s.io images pull docker.io/c/d:1\ncrictl pull --creds=u:p e:1',
      ['docker.io/library/a:1', 'docker.io/library/b:1', 'docker.io/c/d:1', 'docker.io/library/e:1'],
    ],
    ['export CACHE_IMAGE="redis:7"\nWEB=quay.io/a/b', ['docker.io/library/redis:7', 'quay.io/a/b:latest']],
    ['- {image: redis, tag: 6}\n- {image: "a:1"}\n', ['docker.io/library/redis:6', 'docker.io/library/a:1']],
    ['// all\n\n[\n"redis:6"\n]', ['docker.io/library/redis:6']],
    ['# all\n{"images": ["redis:6"]}', ['docker.io/library/redis:6']],
    ['- redis:6\n\uFEFF---\n\uFEFF- quay.io/a/b:1\n', ['docker.io/library/redis:6', 'quay.io/a/b:1']],
    ['redis 6.2\nquay.io/a/b\tv1', ['docker.io/library/redis:6.2', 'quay.io/a/b:v1']],
    ['quay.io/app:1 docker.io/istio/proxyv2:1.15', ['quay.io/app:1', 'docker.io/istio/proxyv2:1.15']],
  ])('reads %j', async (text, images) => {
    expect(await read(text)).toEqual(images)
  })

  it.each([
    ['quay.io/a/b:1=r.corp/a/b:1', 'quay.io/a/b:1 -> r.corp/a/b:1'],
    ['docker://quay.io/a/b:1=docker://r.corp/a/b:1', 'quay.io/a/b:1 -> r.corp/a/b:1'],
    [`localhost:5000/b@${pin}=r:5000/b@${pin}`, `localhost:5000/b@${pin} -> r:5000/b@${pin}`],
    [`quay.io/b@${pin}=r:5000/b:abc`, `quay.io/b@${pin} -> r:5000/b:abc`],
    ['quay.io/a/b:1: r.corp/a/b:1', 'quay.io/a/b:1 -> r.corp/a/b:1'],
    ['"redis:6": r.corp/library/redis:6', 'docker.io/library/redis:6 -> r.corp/library/redis:6'],
    ['quay.io/a/b:1 -> r.corp/other:1', 'quay.io/a/b:1 -> r.corp/other:1'],
    ['quay.io/a/b:1\tr.corp/flat/b:1', 'quay.io/a/b:1 -> r.corp/flat/b:1'],
    ['redis:6 r.corp/library/redis:6', 'docker.io/library/redis:6 -> r.corp/library/redis:6'],
  ])('reads the source and the target of %j', async (text, image) => {
    expect(await read(text)).toEqual([image])
  })

  it.each([
    ['quay.io/a/b:1=file://a/b:1', 'quay.io/a/b:1', 'file://a/b:1 is a local file'],
    ['quay.io/a:1=${HOST}/a:1', 'quay.io/a:1', 'a name with a placeholder'],
    ['a:1\nquay.io/a/b:${TAG}', 'docker.io/library/a:1', 'list:2: quay.io/a/b:${TAG} has a placeholder'],
    ['a:1\n{{ .Values.image }}:1', 'docker.io/library/a:1', 'list:2'],
    [`quay.io/a:1 r.corp/a:1 ${pin}`, 'quay.io/a:1 -> r.corp/a:1', 'a digest without a name'],
    ['a:1\ndocker tag a:1 r.corp/a:1', 'docker.io/library/a:1', 'list:2: a command is not read'],
    [`quay.io/a:1 ${pin}`, 'quay.io/a:1', 'a digest without a name'],
    ['a:1\nTAG=1.0', 'docker.io/library/a:1', 'list:2: TAG is not read'],
    ['a:1\nreplicas: 2', 'docker.io/library/a:1', 'list:2: replicas is not read, because 2 is no image'],
    ['a:1\nversion = "v3"', 'docker.io/library/a:1', 'list:2: version is not read'],
    ['a:1\nkube_image_repo: registry.k8s.io', 'docker.io/library/a:1', 'list:2: kube_image_repo is not read'],
    ['[{"RepoTags":["a:1"]},{"RepoTags":null}]', 'docker.io/library/a:1', 'list:1: this image has no name'],
    [`["a:1", "${pin}"]`, 'docker.io/library/a:1', 'list:1: sha256:aaa'],
    [`a:1\n${'b'.repeat(64)}`, 'docker.io/library/a:1', 'list:2: bbb'],
    [
      `REF    TYPE   DIGEST\na:1    index  ${pin}\n${pin} index ${pin}`,
      'docker.io/library/a:1',
      'list:3: sha256:aaa',
    ],
  ])('tells what it does not read of %j', async (text, image, warning) => {
    expect(await read(text)).toEqual([image, expect.stringContaining(warning)])
  })

  it('tells that a list is empty', async () => {
    expect(await read('# nothing\n')).toEqual(['! list: this list names no image'])
    expect(await read('---\n')).toEqual(['! list: this list names no image'])
  })

  it('reads two names that may be source and target as two images, and tells so', async () => {
    expect(await read('quay.io/a/b:1 r.corp/a/b:2')).toEqual([
      'quay.io/a/b:1',
      'r.corp/a/b:2',
      expect.stringContaining('SOURCE=TARGET'),
    ])
    expect(await read('quay.io/a/b:1: r.corp/c:2')).toEqual(['quay.io/a/b:1', 'r.corp/c:2'])
    expect(await read('web-0 quay.io/a/b:1')).toEqual([
      'docker.io/library/web-0:latest',
      'quay.io/a/b:1',
      expect.stringContaining('web-0 counts as an image'),
    ])
  })
})

describe('tables', () => {
  it.each([
    [
      'REPOSITORY    TAG     IMAGE ID    CREATED\nredis         6.2     aaa         now\nquay.io/a/b   <none>  bbb         now\n',
      ['docker.io/library/redis:6.2', '! list:3: this row names no image'],
    ],
    [`REPOSITORY   TAG      DIGEST\nquay.io/a/b  <none>   ${pin}\n`, [`quay.io/a/b@${pin}`]],
    [`REF                  TYPE   DIGEST\ndocker.io/x/redis:6  index  ${pin}\n`, ['docker.io/x/redis:6']],
    [
      'SOURCE         TARGET          PURPOSE\nquay.io/a/b:1  r.corp/b:1      components\nquay.io/c:1    -               components',
      ['quay.io/a/b:1 -> r.corp/b:1', 'quay.io/c:1'],
    ],
    ['NAME   IMAGES\nweb    redis:6,quay.io/a/b:1\n', ['docker.io/library/redis:6', 'quay.io/a/b:1']],
    ['registry,repository,tag\nquay.io,a/b,1\n', ['quay.io/a/b:1']],
    ['Registry;Image;Version\nquay.io;a/b;1\nr.corp;quay.io/c;2\n', ['quay.io/a/b:1', 'quay.io/c:2']],
    ['name,tag\nredis,6\n', ['docker.io/library/redis:6']],
    ['image;target\n"quay.io/a/b:1";r.corp/b:1\n', ['quay.io/a/b:1 -> r.corp/b:1']],
    [
      'NAME IMAGE\napi quay.io/org/server:1.2\na redis:7\n',
      ['quay.io/org/server:1.2', 'docker.io/library/redis:7'],
    ],
    ['REPOSITORY TAG\nredis 7\nquay.io/org/a 1.10\n', ['docker.io/library/redis:7', 'quay.io/org/a:1.10']],
    [
      'NAME        IMAGE    READY\na-long-name-of-it redis:7 yes\nb           c:1      no\n',
      ['docker.io/library/redis:7', 'docker.io/library/c:1'],
    ],
    [
      'IMAGE          ID      DISK USAGE   EXTRA\nredis:7        abc         12.8MB   U\n',
      ['docker.io/library/redis:7'],
    ],
    ['NAME   IMAGES\nweb    redis:6, a:1\n', ['docker.io/library/redis:6', 'docker.io/library/a:1']],
    [
      'REPOSITORY TAG IMAGE ID CREATED\nredis 6.2 aaa 2 weeks ago\nalpine 3.16 bbb now\n',
      ['docker.io/library/alpine:3.16', expect.stringContaining('! list:2: the words of this row')],
    ],
    ['| Image | Tag |\n|---|:--|\n| `quay.io/a/b` | 1.10 |\n', ['quay.io/a/b:1.10']],
  ])('reads %j', async (text, images) => {
    expect(await read(text)).toEqual(images)
  })
})

describe('parseImageList', () => {
  it('says where each image is named', async () => {
    const images = await parseImageList('redis:6\na:1 b:1 c:1\n', 'list', createContext())
    expect(images.map(({ origins }) => origins[0])).toEqual([
      'images:list:1',
      'images:list:2:1',
      'images:list:2:5',
      'images:list:2:9',
    ])
    const [, second] = await parseImageList('[\n"a",\n"b"]', 'list', createContext())
    expect(second?.origins).toEqual(['images:list:3'])
  })

  it.each([
    ['redis:6\nNot A Reference\n', 'reference-invalid', 'list:2'],
    ['[\n{"original":"redis:6"},\n{"original":"https://x.io/y"}\n]', 'reference-invalid', 'list:3'],
    [
      'redis:6\ndocker-daemon:redis:6',
      'reference-invalid',
      'list:2: "docker-daemon:redis:6" is an image of a local Docker daemon',
    ],
    ['Images:\nredis:6', 'reference-invalid', 'list:1'],
    ['NAME   READY\nweb    1/1', 'reference-invalid', 'list:1'],
    ['FROM redis:6\nRUN x\n', 'input-invalid', 'a Dockerfile'],
    ['# all\nresource "docker_image" "a" {\n  name = "a:1"\n}\n', 'input-invalid', 'a file of Terraform'],
    ['group "default" { targets = ["a"] }\n', 'input-invalid', 'a file of Terraform, Nomad or docker bake'],
    ['[Container]\nImage=quay.io/a:1\n', 'input-invalid', 'a file in TOML or of systemd'],
    ['version = 2\n[plugins."a.b"]\n  sandbox_image = "a"\n', 'input-invalid', 'a file in TOML'],
    ['pkg:docker/bitnami/redis@7.0\n', 'input-invalid', 'a list of package URLs'],
    ['- oci:///home/a', 'reference-invalid', 'list:1: "oci:///home/a" is an image in a local directory'],
    ['SPDXVersion: SPDX-2.3\nPackageName: redis\n', 'input-invalid', 'a bill of materials'],
    ['<?xml version="1.0"?>\n<bom xmlns="x"></bom>', 'input-invalid', 'a bill of materials'],
    ['<!DOCTYPE html>', 'input-invalid', 'a web page'],
    ['\u001f\ufffd\b\0', 'input-invalid', 'a compressed file'],
  ])('refuses %j, and says where or what it is', async (text, code, message) => {
    await expect(read(text)).rejects.toMatchObject({ code, message: expect.stringContaining(message) })
  })

  it('throws only GpregErrors for any text', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc.string({ unit: fc.constantFrom(...'ai:-&*[]{}"=, \n\t/<') }),
      fc.array(fc.record({ original: fc.string() })).map(list => JSON.stringify(list)),
    )
    await fc.assert(
      fc.asyncProperty(text, async content => {
        try {
          await read(content)
        } catch (error) {
          expect(isGpregError(error)).toBe(true)
        }
      }),
      { numRuns: 50 },
    )
  })
})
