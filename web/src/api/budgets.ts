// The budgets (the server's tiers) in which requests are counted: a refusal in one says nothing about the others.

export type Budget = 'auth' | 'registration' | 'admin' | 'log' | 'general'

const LOGGING = [
  /^POST entries(\/[^/]+(\/versions\/[^/]+)?\/restore)?$/,
  /^(PATCH|DELETE) entries\/[^/]+$/,
]

export function budgetOf(method: string, path: string): Budget {
  const rest = path.replace('/api/v1/', '')
  if (rest === 'auth/login' || rest === 'auth/token') return 'auth'
  if (rest === 'auth/register') return 'registration'
  if (rest.startsWith('admin/')) return 'admin'
  return LOGGING.some((form) => form.test(`${method} ${rest}`)) ? 'log' : 'general'
}

/** Whether its requests let somebody in: nothing but its own limit holds these back. */
export function letsIn(budget: Budget): boolean {
  return budget === 'auth' || budget === 'registration'
}
