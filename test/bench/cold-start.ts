// From the start of the process to the first 200 of /readyz: what a restart costs everybody who waits.

import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Serving, startServe } from '../support/serve.ts'
import { type Spread, spreadOf } from './figures.ts'

export interface ColdStartRow {
  /** Milliseconds on an empty folder: the database is made, the blueprints that come along are read in. */
  readonly first: Spread
  /** Milliseconds on data that is there. */
  readonly again: Spread
}

export async function coldStartRow(rounds: number): Promise<ColdStartRow> {
  const first: number[] = []
  const again: number[] = []
  for (let round = 0; round < rounds; round++) {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-'))
    try {
      first.push(await timeToReady(folder))
      again.push(await timeToReady(folder))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return { first: spreadOf(first), again: spreadOf(again) }
}

async function timeToReady(folder: string): Promise<number> {
  const began = performance.now()
  const serving: Serving = startServe(folder)
  try {
    const { url } = await serving.listening
    const status = await statusOf(`${url}/readyz`)
    if (status !== 200) throw new Error(`/readyz answered ${status}`)
    return performance.now() - began
  } finally {
    await serving.end('SIGTERM')
  }
}

function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
}
