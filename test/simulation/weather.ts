// How badly the world behaves now. Counters are used up by the next calls; instants are ms since 1970.

export interface Weather {
  loseCreateReplies: number
  lateCreates: number
  tooLateCreates: number
  doubleCreates: number
  loseDestroyReplies: number
  refuseCapacity: number
  failBoots: number
  throttle: number
  failScripts: number
  slowScripts: number
  breakCalls: number
  unreachableUntil: number
  deniedUntil: number
  slowUntil: number
  lagUntil: number
  readonly hostsDown: Set<string>
}

export function fairWeather(): Weather {
  return {
    loseCreateReplies: 0,
    lateCreates: 0,
    tooLateCreates: 0,
    doubleCreates: 0,
    loseDestroyReplies: 0,
    refuseCapacity: 0,
    failBoots: 0,
    throttle: 0,
    failScripts: 0,
    slowScripts: 0,
    breakCalls: 0,
    unreachableUntil: 0,
    deniedUntil: 0,
    slowUntil: 0,
    lagUntil: 0,
    hostsDown: new Set(),
  }
}

/** The counters of `Weather`. */
export type Count = { [K in keyof Weather]: Weather[K] extends number ? K : never }[keyof Weather]

/** Uses up one; false when none is left. */
export function take(weather: Weather, count: Count): boolean {
  if (weather[count] <= 0) return false
  weather[count] -= 1
  return true
}
