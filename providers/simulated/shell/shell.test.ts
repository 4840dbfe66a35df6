import { beforeEach, describe, expect, test } from 'vitest'
import { realSeams } from '../../../src/kernel/real-seams.ts'
import { loneFacts, loneSurroundings } from '../../../test/support/lone-machine.ts'
import { commandsTable } from './commands/index.ts'
import { type Machine, noOutput, type Output, type Result } from './inside.ts'
import { createMachine } from './machine.ts'

// What scripts and the remote runner rely on, and what the interpreter does not do by itself.

const seams = realSeams()
let machine: Machine

beforeEach(() => {
  machine = createMachine(loneFacts, seams, commandsTable, loneSurroundings(seams))
})

function start(script: string, output: Output = noOutput, user = 'root', stdin = '') {
  const found = machine.userNamed(user)
  if (found === undefined) throw new Error(`no user ${user}`)
  return machine.spawn({
    run: { kind: 'program', argv: ['bash', '-c', script] },
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: found.home },
    cwd: '/tmp',
    user: found,
    stdin,
    prelude: '',
    output,
    parent: null,
    tiedTo: null,
  })
}

function run(script: string, stdin = ''): Promise<Result> {
  return start(script, noOutput, 'root', stdin).done
}

async function said(script: string): Promise<string> {
  return (await run(script)).stdout.trimEnd()
}

describe('processes', () => {
  test('a job runs beside its shell, has a number, and can be waited for', async () => {
    expect(
      await said('(sleep 0.05; echo late > f) & echo "job $!" | grep -c "job [0-9]"; cat f 2>/dev/null; wait; cat f'),
    ).toBe('1\nlate')
    expect(await said('(exit 3) & wait $!; echo $?; bash -c "exit 4" & wait "$!" || echo $?')).toBe('3\n4')
  })

  test('a job knows the variables, functions and arguments of its shell', async () => {
    expect(await said('f() { echo "$1 $x $2"; }; x="a b"; set -- p q; { f "$2" "it\'s"; } & wait')).toBe("q a b it's")
  })

  test('what setsid detached goes on when its shell has ended, and is gone after a power cut', async () => {
    await run('setsid sleep 600 > /dev/null 2>&1 < /dev/null &')
    await expect.poll(() => said('pgrep sleep | wc -l')).toBe('1')
    machine.halt()
    machine.boot()
    expect(await said('pgrep sleep | wc -l')).toBe('0')
  })

  test('is recognised by number and start time, and by neither after its end', async () => {
    const out = await said(
      'sleep 600 & p=$!; cut -d" " -f1,22 /proc/$p/stat; echo $p; kill -0 $p && echo alive; kill $p; wait $p; echo $?; kill -0 $p || echo dead; [ -e /proc/$p ] || echo gone',
    )
    expect(out).toMatch(/^(\d+) \d+\n\1\nalive\n143\ndead\ngone$/)
  })

  test('a whole group is ended at once', async () => {
    expect(
      await said(
        'setsid bash -c "sleep 500 & sleep 500" > /dev/null 2>&1 & sleep 0.5; kill -s KILL -- -$!; wait $!; echo $?; pgrep sleep | wc -l',
      ),
    ).toBe('137\n0')
  })

  test('$$ is the number by which others see the process', async () => {
    expect(
      await said(
        'bash -c \'echo $$ > me; exec bash -c "echo \\$\\$ >> me"\' & wait; read a < me; [ "$a" = "$!" ] && [ "$(uniq me | wc -l)" = 1 ] && echo same',
      ),
    ).toBe('same')
  })

  test('a time limit ends with 124, and with 137 what ignores the first signal', async () => {
    expect(
      await said(
        'timeout 0.05 sleep 5; echo $?; timeout 5 true; echo $?; timeout -k 0.05 0.05 bash -c "trap \'\' TERM; sleep 5"; echo $?',
      ),
    ).toBe('124\n0\n137')
  })

  test('a trap runs at the end, with the variables of the script, and on a signal', async () => {
    expect(await run('x=tidy; trap \'echo "$x"\' EXIT; exit 3')).toMatchObject({ stdout: 'tidy\n', exitCode: 3 })
    expect(
      await said(
        'bash -c "trap \'echo bye > f\' TERM; touch set; sleep 9" & while [ ! -e set ]; do sleep 0.01; done; kill $!; wait $!; cat f',
      ),
    ).toBe('bye')
  })

  test('a lock is held by one at a time', async () => {
    expect(
      await said(
        '(flock 9; echo a1 >> f; sleep 0.05; echo a2 >> f) 9> l & while [ ! -e f ]; do sleep 0.01; done; flock l sh -c "echo b >> f"; wait; cat f',
      ),
    ).toBe('a1\na2\nb')
    expect(
      await said(
        'flock l sh -c "touch got; sleep 1" & while [ ! -e got ]; do sleep 0.01; done; flock -n l true || echo busy',
      ),
    ).toBe('busy')
  })
})

describe('output', () => {
  const log: Output = { out: '/tmp/log', err: '/tmp/log', fresh: [] }
  const logged = (): Promise<string> => machine.disk.readFile('/tmp/log')

  test('of a process that writes to a file is there while it runs', async () => {
    const process = start('echo one; while [ ! -e /tmp/go ]; do sleep 0.01; done; echo two', log)
    await expect.poll(logged).toBe('one\n')
    await machine.disk.writeFile('/tmp/go', '')
    await process.done
    expect(await logged()).toBe('one\ntwo\n')
  })

  test('goes where it belongs when pieces of it are captured, piped or sent elsewhere', async () => {
    const script = `
      f() { echo "from f"; echo "err of f" >&2; }
      x=$(f 2>/dev/null); echo "x=$x"
      y=$(echo a; echo b | tr b c); echo "y=$y"
      f | sed s/from/piped/
      if echo cond | grep -q cond; then echo yes; fi
      for i in 1 2; do echo "loop $i"; done | tac
      while read -r line; do echo "read $line"; done < <(echo sub)
      { echo group; echo hidden > /dev/null; } && (echo subshell)
      echo quiet > other
      cat <<< "$(cat other)"
      nosuch
      eval 'echo "evaluated $(echo inside)"'
      exit 5`
    const result = await start(script, log).done
    expect(result).toEqual({ stdout: '', stderr: '', exitCode: 5 })
    expect(await logged()).toBe(
      'x=from f\ny=a\nc\nerr of f\npiped f\nyes\nloop 2\nloop 1\nread sub\ngroup\nsubshell\nquiet\nbash: nosuch: command not found\nevaluated inside\n',
    )
  })

  test('of a program sent to a file by the shell is there while it runs', async () => {
    expect(
      await said('bash -c "echo one; sleep 0.2; echo two" > log 2>&1 < /dev/null & sleep 0.1; cat log; wait; cat log'),
    ).toBe('one\none\ntwo')
  })

  test('of an installation is there line by line', async () => {
    await run('apt-get update')
    const process = start('apt-get install -y docker.io', log)
    await process.done
    expect(await logged()).toMatch(/^Reading package lists[\s\S]*Unpacking docker\.io[\s\S]*Setting up docker\.io/)
  })

  test('goes through a named pipe as it is written, and the pipe ends with its writers', async () => {
    const script =
      'mkfifo p; stdbuf -o0 head -c 100 < p > log & { echo one; sleep 0.2; echo two; } > p & sleep 0.1; cat log; wait; cat log'
    expect(await said(script)).toBe('one\none\ntwo')
    expect(
      await said('mkfifo q; (head -c 4 > kept; wc -c > rest) < q & echo 123456789 > q & wait; cat kept rest'),
    ).toBe('12346')
  })

  test('a script that sets -e ends at its first failure, in a file as elsewhere', async () => {
    expect((await start('set -euo pipefail; echo a; false; echo b', log).done).exitCode).toBe(1)
    expect(await logged()).toBe('a\n')
    expect((await start('set -euo pipefail; x=$(false); echo b', log).done).exitCode).toBe(1)
  })
})

describe('files', () => {
  test('take the umask, and keep their mode when they are written again', async () => {
    expect(
      await said(
        'umask 077; mkdir d; echo a > d/f; echo b > d/f; echo c >> d/f; stat -c %a d d/f; (umask 022; echo x > g); stat -c %a g',
      ),
    ).toBe('700\n600\n644')
  })

  test('are made exclusively by mkdir and by ln', async () => {
    expect(
      await said(
        'mkdir d && mkdir d 2>/dev/null || echo taken; echo a > f; ln f l && ln f l 2>/dev/null || echo taken',
      ),
    ).toBe('taken\ntaken')
  })

  test('cannot be written on a full disk', async () => {
    machine.diskFull = true
    const { exitCode, stderr } = await run('echo a > f')
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/[Nn]o space left/)
  })

  test('of /proc tell about the machine and the process', async () => {
    expect(await said('cat /proc/sys/kernel/random/boot_id')).toBe(machine.bootId)
    expect(
      await said(
        'cat /proc/1/comm; [ -d /proc/self ] && echo here; read -r a b < /proc/uptime; [ -n "$b" ] && echo up',
      ),
    ).toBe('systemd\nhere\nup')
  })
})

describe('a shell', () => {
  test('takes its script from a text, a file or its input, with options and arguments', async () => {
    expect(
      await said(
        'printf "%s\\n" "#!/bin/sh" "echo \\$0 \\$1" > s; chmod +x s; bash s b; sh -c "echo \\$0 \\$#" zero 1 2',
      ),
    ).toBe('s b\nzero 2')
    expect((await run('bash -s -- "a b" c', 'echo "$1|$2|$#"')).stdout).toBe('a b|c|2\n')
    expect((await run('sh -euc "echo a; false; echo b"; echo $?')).stdout).toBe('a\n1\n')
    expect(
      (await run(`exec env LC_ALL=C sudo -n sh -c 'eval "$(cat)"'`, 'x=1; (sleep 0.01; echo "bg $x") & wait; id -un'))
        .stdout,
    ).toBe('bg 1\nroot\n')
    const checked = `sh -c 'all=$(cat); case $all in "#a"*"#z") eval "$all" ;; *) echo "no" >&2; exit 125 ;; esac'`
    expect((await run(checked, '#a\n(sleep 0.01; echo "bg") & wait; id -un\n#z\n')).stdout).toBe('bg\nroot\n')
  })

  test('has what a Debian has, and not what is not installed', async () => {
    expect(
      await said('command -v systemctl apt-get setsid timeout | wc -l; command -v docker || echo none; docker ps 2>&1'),
    ).toMatch(/^4\nnone\n.*not found$/)
    await run('apt-get update && apt-get install -y docker.io')
    expect(await said('command -v docker; docker --version | cut -d, -f1; systemctl is-active docker')).toBe(
      '/usr/bin/docker\nDocker version 20.10.24+dfsg1\nactive',
    )
  })

  test('finds no package before the lists are there, and no package that does not exist', async () => {
    expect(await run('apt-get install -y docker.io')).toMatchObject({
      exitCode: 100,
      stderr: expect.stringContaining('Unable to locate package docker.io'),
    })
    expect(await run('apt-get update && apt-get install -y nonsense')).toMatchObject({ exitCode: 100 })
  })

  test('is renamed, and keeps the name of /etc/hostname over a reboot', async () => {
    await run('echo worker-1 > /etc/hostname; hostname worker-1')
    machine.halt()
    machine.boot()
    expect(await said('hostname; uname -n')).toBe('worker-1\nworker-1')
  })
})
