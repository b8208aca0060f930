import type { Rules } from '../rule.ts'

/** Rules about images that the cluster will pull. To check them, the registry is asked. */
export const IMAGE_RULES = {
  'image-missing': { level: 'error', about: 'The cluster will pull an image that is not in the registry.' },
  'image-incomplete': {
    level: 'error',
    about: 'The cluster will pull an image of which a part is not in the registry.',
  },
  'image-different': {
    level: 'error',
    about: 'The registry has another image under the name than the lock or the reference says.',
  },
  'image-unreadable': { level: 'error', about: 'The registry does not tell whether it has an image.' },
} satisfies Rules
