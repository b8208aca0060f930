import type { Rules } from '../rule.ts'

/** Rules about files that are no `gitpod.config.yaml`: ConfigValues of KOTS and Kubernetes Secrets. */
export const KIND_RULES = {
  'kots-value': {
    level: 'error',
    about: 'KOTS takes every value as a text, and files in base64.',
  },
  'secret-data': {
    level: 'error',
    about:
      'Kubernetes refuses the Secret: a value below `data` is no base64, or a key that its type needs is missing.',
  },
  'secret-keys': {
    level: 'warning',
    about: 'The Secret has none of the sets of keys that the installer looks for, or only a part of one.',
  },
  'secret-type': {
    level: 'warning',
    about:
      'Nodes pull only with Secrets of the type `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`.',
  },
  'secret-logins': {
    level: 'warning',
    about:
      'The docker config of the Secret holds no login, or one under a key that the components of Gitpod do not find.',
  },
} satisfies Rules
