// Plain HTTP, so that what is tested is what is sent.

import { conform } from './conform.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Parsed JSON; undefined without a body. */
  readonly body: ReturnType<typeof JSON.parse>
}

export interface Client {
  (method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>
  readonly raw: (path: string, init?: RequestInit) => Promise<Response>
}

export function clientOf(url: () => string, token: string | undefined): Client {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const raw = (path: string, init: RequestInit = {}) =>
    fetch(url() + path, { ...init, headers: { ...authorization, ...Object.fromEntries(new Headers(init.headers)) } })
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await raw(path, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const answer = {
      status: response.status,
      headers: response.headers,
      // What is no JSON is for `raw`.
      body: /\bjson\b/.test(response.headers.get('content-type') ?? '') && text !== '' ? JSON.parse(text) : undefined,
    }
    conform(method, path, answer)
    return answer
  }
  return Object.assign(call, { raw })
}
