import { domainName } from '../../config/schema-parts.ts'
import type { Rules } from '../rule.ts'

const PASSLIST = 'blockNewUsers.passlist'

/** Rules about the people who may use Gitpod. */
export const USER_RULES = {
  // https://github.com/gitpod-io/gitpod/blob/2022.11.3/install/installer/pkg/config/v1/validation.go
  passlist: {
    level: 'error',
    about:
      'Where new users are blocked, some domain must be let through, and each entry must be a domain name.',
    *check(config) {
      if (!config.flag('blockNewUsers.enabled')) return
      const domains = config.list(PASSLIST)
      const hint = 'write domain names with a dot, such as example.com'
      if (domains.length === 0)
        yield {
          path: config.has(PASSLIST) ? PASSLIST : 'blockNewUsers',
          message: 'new users are blocked, and no domain is let through',
          hint: `set ${PASSLIST}: ${hint}`,
        }
      for (const [index, domain] of domains.entries()) {
        if (domainName.safeParse(domain).success) continue
        yield {
          path: [...PASSLIST.split('.'), index],
          message: `${JSON.stringify(domain)} is no domain name`,
          hint,
        }
      }
    },
  },
} satisfies Rules
