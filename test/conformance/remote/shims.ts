// Commands of Linux that a developer's macOS lacks, in the Perl it has, so that the tests run there too. Linux gets
// none of them: what is tested there is the real thing.

import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const macOs = {
  setsid: '#!/usr/bin/perl\nuse POSIX;\nPOSIX::setsid();\nexec @ARGV or exit 127;\n',
  timeout: `#!/usr/bin/perl
my ($k, $grace, $limit, @command) = @ARGV;
setpgrp(0, 0);
my $pid = fork // exit 125;
if (!$pid) { exec @command or exit 127 }
my $late = 0;
$SIG{TERM} = 'IGNORE';
$SIG{ALRM} = sub { kill($late++ ? 'KILL' : 'TERM', $late > 1 ? $pid : -$$); alarm $grace };
use Time::HiRes 'alarm';
alarm $limit;
1 while waitpid($pid, 0) != $pid;
exit($late ? 124 : $? & 127 ? 128 + ($? & 127) : $? >> 8);
`,
}

/** Makes the folder with what this system lacks, and with a `sudo` if one is wanted; answers the folder. */
export async function shims(folder: string, sudo?: string): Promise<string> {
  await mkdir(folder)
  const wanted = { ...(process.platform === 'darwin' ? macOs : {}), ...(sudo === undefined ? {} : { sudo }) }
  for (const [name, text] of Object.entries(wanted)) {
    await writeFile(join(folder, name), text)
    await chmod(join(folder, name), 0o755)
  }
  return folder
}
