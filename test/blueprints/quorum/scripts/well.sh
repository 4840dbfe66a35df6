set -euo pipefail
# A test makes a worker ill by leaving this file.
[ ! -e /etc/ill ] || { cat /etc/ill; exit 1; }
